package dev.tartan.train.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.graph.DType;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PrecisionPolicyTest {
    private static RunConfig load(String... overrides) {
        List<String> keys = new ArrayList<>(List.of(
                "network={kind=gpt, vocab=256, context=4, hidden=8, layers=1, heads=2}",
                "data={kind=text, path=pom.xml}"));
        keys.addAll(List.of(overrides));
        return RunConfigLoader.load(null, keys);
    }

    @Test
    void everythingIsFloat32UnlessToldOtherwise() {
        assertThat(load().precision()).isEqualTo(PrecisionPolicy.float32());
        assertThat(load("precision.compute=bfloat16").precision())
                .isEqualTo(new PrecisionPolicy(DType.FLOAT32, DType.BFLOAT16, DType.FLOAT32, DType.FLOAT32));
    }

    @Test
    void everyKeyIsReadAndReadsBackFromTheRenderedConfig() {
        RunConfig config = load("precision={parameters=bfloat16, compute=bfloat16, reduce=bfloat16, master=float32}");
        assertThat(config.precision()).isEqualTo(PrecisionPolicy.bfloat16().withReduce(DType.BFLOAT16));
        assertThat(config.render()).contains("precision {\n  parameters = bfloat16\n  compute = bfloat16\n");
        assertThat(RunConfigLoader.parse(config.render())).isEqualTo(config);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "precision.compute=float16"
                        + "|precision.compute is not supported: compute=float16. Use bfloat16, whose gradients need no"
                        + " scaling of the loss, or float32.",
                "precision.reduce=int32|precision.reduce is not known: value=int32. Give one of float32, bfloat16, float16.",
                "precision.master=bfloat16"
                        + "|precision.master is not supported: master=bfloat16. Use float32, in which small updates"
                        + " are not lost.",
                "precision.compute=bf16"
                        + "|precision.compute is not known: value=bf16. Give one of float32, bfloat16,"
                        + " float16.",
                "precision.computes=bfloat16|precision.computes is not a key. Did you mean precision.compute?"
            })
    void whatIsNotSupportedIsRefusedInOneLine(String said, String message) {
        assertThatThrownBy(() -> load(said))
                .isInstanceOf(InvalidConfigException.class)
                .hasMessageContaining(message);
    }
}
