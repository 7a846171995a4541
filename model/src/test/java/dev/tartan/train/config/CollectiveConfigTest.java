package dev.tartan.train.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.tartan.train.config.CollectiveConfig.Algorithm;
import dev.tartan.train.config.CollectiveConfig.Transport;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CollectiveConfigTest {
    private static final List<String> RUN = List.of(
            "network={kind=gpt, vocab=256, context=32, hidden=64, layers=2, heads=4}",
            "data={kind=text, path=text.txt}");

    @Test
    void defaultsAreForOneHostOrMany() {
        assertThat(load().collective())
                .isEqualTo(new CollectiveConfig(
                        Transport.AUTO, Algorithm.AUTO, 262144, 300, 60, 12, "", "0", false, 0, 0));
    }

    @Test
    void everyKeyIsReadAndReadsBackFromTheRenderedConfig() {
        RunConfig config = load("collective={transport=shm, algorithm=halving-doubling, segmentBytes=65536,"
                + " timeoutSeconds=7, connectTimeoutSeconds=8, silenceSeconds=9, bindAddress=10.0.0.1, portRange=40000-40100,"
                + " encrypt=true, streams=16, messageDelayMillis=5}");
        assertThat(config.collective())
                .isEqualTo(new CollectiveConfig(
                        Transport.SHM,
                        Algorithm.HALVING_DOUBLING,
                        65536,
                        7,
                        8,
                        9,
                        "10.0.0.1",
                        "40000-40100",
                        true,
                        16,
                        5));
        assertThat(config.render()).contains("  algorithm = halving-doubling\n", "  bindAddress = \"10.0.0.1\"\n");
        assertThat(RunConfigLoader.parse(config.render())).isEqualTo(config);
    }

    @ParameterizedTest
    @ValueSource(strings = {"host-1.example", "::1", "fe80::1%eth0", "10.0.0.1", "\"\""})
    void addressesNeedNoQuotesOnTheCommandLine(String address) {
        RunConfig config = load("collective.bindAddress=" + address, "collective.portRange=40000");
        assertThat(config.collective().bindAddress()).isEqualTo(address.replace("\"", ""));
        assertThat(config.collective().portRange()).isEqualTo("40000");
        assertThat(RunConfigLoader.parse(config.render())).isEqualTo(config);
    }

    @Test
    void allMistakesAreReportedTogether() {
        InvalidConfigException failure = catchThrowableOfType(
                InvalidConfigException.class, () -> RunConfigLoader.parse(String.join("\n", RUN) + """

                        collective {
                          transport = tpc
                          algorithm = halving_doubling
                          segmentBytes = 100
                          timeoutSeconds = 0
                          connectTimeoutSeconds = soon
                          silenceSeconds = 1
                          bindAddress = "a b"
                          portRange = 50000-40000
                          encrypt = yes
                          streams = 17
                          bindAdress = a
                        }
                        """));
        assertThat(failure).hasMessage("""
                config has 11 mistakes:
                  config:14: collective.bindAdress is not a key. Did you mean collective.bindAddress?
                  config:4: collective.transport is not known: value=tpc. Give one of auto, tcp, shm. Did you mean tcp?
                  config:5: collective.algorithm is not known: value=halving_doubling. Give one of auto, shared, ring, doubling, halving-doubling, direct, hierarchical. Did you mean halving-doubling?
                  config:6: collective.segmentBytes is not a multiple of 8: value=100. Give a multiple of 8 from 8 to 67108864.
                  config:7: collective.timeoutSeconds is out of range: value=0. Give a whole number of 1 or more.
                  config:8: collective.connectTimeoutSeconds is not a whole number: value=soon. Give a whole number of 1 or more.
                  config:9: collective.silenceSeconds is out of range: value=1. Give a whole number from 2 to 3600.
                  config:10: collective.bindAddress is not a host: value=a b. Give one host name or IP address, or "" for none.
                  config:11: collective.portRange is not a range of ports: first=50000, last=40000. Write it as 40000-40100, or 0 for any free port.
                  config:12: collective.encrypt is not true or false: value=yes. Give true or false.
                  config:13: collective.streams is out of range: value=17. Give a whole number from 0 to 16.""");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0", "-8", "67108872", "99999999999"})
    void segmentsOutOfRangeAreReported(String bytes) {
        assertThat(mistakes("collective.segmentBytes=" + bytes))
                .containsExactly("collective.segmentBytes is out of range: value=" + bytes
                        + ". Give a multiple of 8 from 8 to 67108864.");
    }

    @Test
    void portRangeThatCannotBeReadIsQuoted() {
        assertThat(mistakes("collective.portRange=\"40000-\""))
                .containsExactly(
                        "collective.portRange cannot be read: value='40000-'. Write it as 40000-40100, or 0 for"
                                + " any free port.");
        assertThat(mistakes("collective.portRange=[1, 2]"))
                .containsExactly("collective.portRange is not a text: value=[1,2]. Give a text in quotes.");
    }

    private static List<String> mistakes(String override) {
        InvalidConfigException failure = catchThrowableOfType(InvalidConfigException.class, () -> load(override));
        return failure.mistakes().stream().map(ConfigMistake::message).toList();
    }

    private static RunConfig load(String... overrides) {
        List<String> all = new ArrayList<>(RUN);
        all.addAll(List.of(overrides));
        return RunConfigLoader.load(null, all);
    }
}
