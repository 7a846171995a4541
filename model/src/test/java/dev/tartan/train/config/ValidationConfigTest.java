package dev.tartan.train.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.train.data.TextSamples;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ValidationConfigTest {
    private static RunConfig load(String... keys) {
        List<String> all = new ArrayList<>(List.of(
                "network={kind=gpt, vocab=256, context=8, hidden=32, layers=1, heads=2}", "data={kind=text, path=a}"));
        all.addAll(List.of(keys));
        return RunConfigLoader.load(null, all);
    }

    @Test
    void runIsValidatedWhereTheSectionIsThere() {
        assertThat(load().validation()).isNull();
        assertThat(load("validation={kind=text, path=b}").validation())
                .isEqualTo(ValidationConfig.of(new TextSamples(Path.of("b")), 100));
    }

    @Test
    void everyKeyIsReadAndRenderedBack() {
        RunConfig config = load(
                "validation={kind=text, path=b, everySteps=7, judgedBy=accuracy, higherIsBetter=true,"
                        + " stopAfterRounds=3, minDelta=0.5, keepBest=true}",
                "train.onNonFinite=skip");
        assertThat(config.validation())
                .isEqualTo(new ValidationConfig(new TextSamples(Path.of("b")), 7, "accuracy", true, 3, 0.5, true));
        assertThat(config.train().onNonFinite()).isEqualTo(OnNonFinite.SKIP);
        RunConfig back = RunConfigLoader.parse(config.render());
        assertThat(back.validation()).isEqualTo(config.validation());
        assertThat(back.train()).isEqualTo(config.train());
    }

    @Test
    void mistakesNameTheirKey() {
        assertThatThrownBy(() -> load("validation={kind=text, path=b, everySteps=0}", "train.onNonFinite=go"))
                .isInstanceOf(InvalidConfigException.class)
                .hasMessageContaining("validation.everySteps")
                .hasMessageContaining("train.onNonFinite");
    }
}
