package dev.tartan.train.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.acme.WideNet;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A network that a config names by its class. */
class NetworkClassTest {
    @Test
    void keysAreTheComponentsOfTheRecord() {
        RunConfig config = load("network={class=\"com.acme.WideNet\", width=8, shape=square-root}");
        assertThat(config.network()).isEqualTo(new WideNet(8, WideNet.Shape.SQUARE_ROOT, 0.5, "a name"));
        assertThat(config.network().create().numParameters()).isEqualTo(3 * 8 + 8 + 8 * 2 + 2);
    }

    @Test
    void renderedConfigReadsBackEqual() {
        RunConfig config = load("network.class=com.acme.WideNet", "network.width=4", "network.label=\"x = 1\"");
        assertThat(config.render()).contains("class = \"com.acme.WideNet\"").contains("label = \"x = 1\"");
        assertThat(RunConfigLoader.parse(config.render())).isEqualTo(config);
    }

    @Test
    void mistakesAreToldLikeThoseOfKnownKinds() {
        assertThatThrownBy(() -> load("network={class=com.acme.WideNet, widht=8, gain=0}"))
                .isInstanceOf(InvalidConfigException.class)
                .hasMessageContaining("network.widht is not a key. Did you mean network.width?")
                .hasMessageContaining("network.gain is out of range: value=0. Give a number above 0.")
                .hasMessageContaining("network.width is missing. Give a whole number of 1 or more.");
        assertThatThrownBy(() -> load("network={class=com.acme.WideNet, width=5}", "mesh.model=2"))
                .hasMessageContaining("network.width is not divisible by mesh.model: network.width=5, mesh.model=2.");
    }

    @Test
    void classesThatAreNoNetworkAreRefused() {
        assertThatThrownBy(() -> load("network.class=com.acme.Missing"))
                .hasMessageContaining(
                        "network.class is not on the class path: value=com.acme.Missing. Add its jar with --jars.");
        assertThatThrownBy(() -> load("network.class=java.lang.String"))
                .hasMessageContaining("network.class is neither a Network nor a record that implements NetworkFactory");
        assertThatThrownBy(() -> load("network={class=com.acme.WideNet, kind=gpt, width=2}"))
                .hasMessageContaining("network.class is given beside network.kind. Give one of the two.");
    }

    private static RunConfig load(String... overrides) {
        List<String> all = new ArrayList<>(List.of("data={kind=batches, path=none}", "train={steps=1, globalBatch=4}"));
        all.addAll(List.of(overrides));
        return RunConfigLoader.load(null, all);
    }
}
