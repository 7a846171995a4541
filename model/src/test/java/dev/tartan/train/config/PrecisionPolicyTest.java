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

    @Test
    void float16HasALossScaleThatChanges() {
        RunConfig config = load("precision={parameters=float16, compute=float16}");
        assertThat(config.precision()).isEqualTo(PrecisionPolicy.float16());
        assertThat(config.precision().lossScale()).isEqualTo(new LossScale(65536, 2000));
        assertThat(config.render())
                .contains("lossScale = dynamic\n  lossScaleStart = 65536.0\n  lossScaleGrowthSteps = 2000\n");
        assertThat(load("precision.compute=bfloat16").precision().lossScale().isNone())
                .isTrue();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "compute=float16, lossScale=1 | 1 | 0",
                "compute=float16, lossScale=1024 | 1024 | 0",
                "reduce=float16 | 65536 | 2000",
                "parameters=float16, lossScaleStart=8, lossScaleGrowthSteps=3 | 8 | 3",
                "compute=bfloat16, lossScale=dynamic, lossScaleStart=256 | 256 | 2000"
            })
    void lossScaleIsReadAndReadsBack(String said, double start, int growthSteps) {
        RunConfig config = load("precision={" + said + "}");
        assertThat(config.precision().lossScale()).isEqualTo(new LossScale(start, growthSteps));
        assertThat(RunConfigLoader.parse(config.render())).isEqualTo(config);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "precision={compute=float16, parameters=bfloat16}"
                        + "|precision.parameters does not go with precision.compute: parameters=bfloat16,"
                        + " compute=float16. Use float16 for both, or float32 for one.",
                "precision={compute=bfloat16, reduce=float16}"
                        + "|precision.reduce does not go with precision.compute: reduce=float16, compute=bfloat16. Use"
                        + " bfloat16 for both, or float32 for one.",
                "precision.master=float16"
                        + "|precision.master is not supported: master=float16. Use float32, in which small updates"
                        + " are not lost.",
                "precision.lossScale=dynamical"
                        + "|precision.lossScale is not a number: value=dynamical. Give dynamic, or a number of 1 or"
                        + " more.",
                "precision.lossScale=0.5"
                        + "|precision.lossScale is out of range: value=0.5. Give dynamic, or a number of 1 or more.",
                "precision.lossScale=1e39"
                        + "|precision.lossScale is out of range: lossScale=1.0E39. Give a number from 1 to 2^126.",
                "precision={compute=float16, lossScale=1024, lossScaleStart=2}"
                        + "|precision.lossScaleStart is for a scale that changes: lossScale=1024. Remove it, or set"
                        + " precision.lossScale=dynamic.",
                "precision.lossScaleGrowthSteps=5"
                        + "|precision.lossScaleGrowthSteps is for a scale that changes: lossScale=1. Remove it, or set"
                        + " precision.lossScale=dynamic.",
                "precision={compute=float16, lossScaleGrowthSteps=0}"
                        + "|precision.lossScaleGrowthSteps is out of range: value=0. Give a whole number of 1 or more.",
                "precision={compute=float16, lossScaleGrowthSteps=20000000}"
                        + "|precision.lossScaleGrowthSteps is out of range: lossScaleGrowthSteps=20000000. Give a"
                        + " number of steps from 1 to 2^24.",
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
