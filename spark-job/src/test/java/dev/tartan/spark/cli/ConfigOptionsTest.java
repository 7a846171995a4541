package dev.tartan.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.train.config.RunConfig;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/** Which config a command line chooses, and that it is told first. */
class ConfigOptionsTest {
    private static final String HOME = "..";

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    @Test
    void withoutAnyTheDemoIsRun() {
        RunConfig config = load();
        assertThat(told()).isEqualTo("config: ../conf/gpt-repository.conf, the demo, since no config is given\n");
        assertThat(config.render()).contains("warmupSteps = 40");
    }

    @Test
    void keysAloneKnowNothingOfTheDemo() {
        RunConfig config =
                load("--set=data.path=book.txt", "--set=mesh.data=4", "--set=mesh.model=1", "--set=train.steps=500");
        assertThat(told())
                .isEqualTo("config: ../conf/small-gpt.conf and neutral defaults, since --set comes without --config\n");
        assertThat(config.render()).contains("learningRate = 0.001", "kind = constant", "warmupSteps = 0");
        assertThat(config.train().steps()).isEqualTo(500);
    }

    @Test
    void aNetworkOfOnesOwnMeetsNoSizesOfAnother() {
        RunConfig config = load(
                "--set=network.kind=mlp",
                "--set=network.inputs=3",
                "--set=network.hidden=[4]",
                "--set=network.outputs=2",
                "--set=data={kind=batches,path=b}",
                "--set=train={steps=1,globalBatch=1}");
        assertThat(told()).isEqualTo("config: neutral defaults, since --set comes without --config\n");
        assertThat(config.render()).contains("kind = mlp");
    }

    @Test
    void aConfigThatIsGivenIsNamed() {
        load("--config=../conf/llama-small.conf", "--set=train.steps=3");
        assertThat(told()).isEqualTo("config: ../conf/llama-small.conf\n");
    }

    @Test
    void dataMustBeNamed() {
        assertThatThrownBy(() -> load("--set=train.steps=3"))
                .hasMessageContaining("small-gpt.conf")
                .hasMessageContaining("data.path is missing. Give a path.");
    }

    private String told() {
        return out.toString(StandardCharsets.UTF_8);
    }

    private RunConfig load(String... arguments) {
        ConfigOptions options = new ConfigOptions(HOME);
        new CommandLine(CommandLine.Model.CommandSpec.create()
                        .addMixin("config", CommandLine.Model.CommandSpec.forAnnotatedObject(options)))
                .parseArgs(arguments);
        return options.load(List.of(), new PrintStream(out, true, StandardCharsets.UTF_8));
    }
}
