package dev.tartan.train.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.tartan.network.GptConfig;
import dev.tartan.network.LlamaConfig;
import dev.tartan.network.MlpConfig;
import dev.tartan.op.Activation;
import dev.tartan.optimizer.AdamWOptimizer;
import dev.tartan.optimizer.Schedule;
import dev.tartan.optimizer.SgdOptimizer;
import dev.tartan.train.data.TextSamples;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunConfigLoaderTest {
    private static final String GPT = """
            network { kind = gpt, vocab = 256, context = 32, hidden = 64, layers = 2, heads = 4 }
            data { kind = text, path = text.txt }
            """;

    @TempDir
    Path folder;

    @Test
    void gptTakesDefaultsForWhatIsLeftOut() throws IOException {
        RunConfig config = load(GPT);
        assertThat(config.mesh()).isEqualTo(new MeshConfig(1, 1));
        assertThat(config.network()).isEqualTo(new GptConfig(256, 32, 64, 2, 4, 256, 1e-5, true, 0));
        assertThat(config.data()).isEqualTo(new TextSamples(Path.of("text.txt")));
        assertThat(config.optimizer()).isEqualTo(new AdamWOptimizer(1e-3, 0.9, 0.95, 1e-8, 0.1, Schedule.constant()));
        assertThat(config.clip().maxNorm()).isEqualTo(1);
        assertThat(config.train()).isEqualTo(new TrainConfig(100, 16, 1, 0, 0));
        assertThat(config.init().from()).isNull();
        assertThat(config.output().dir()).isEqualTo(Path.of("runs/latest"));
    }

    @Test
    void llamaTakesItsOwnDefaults() throws IOException {
        RunConfig config = load(GPT + "network { kind = llama, hidden = 96 }");
        assertThat(config.network()).isEqualTo(new LlamaConfig(256, 32, 96, 2, 4, 4, 256, 10000, 1e-5, false, 0));
    }

    @Test
    void mlpAndSgdAreRead() throws IOException {
        RunConfig config = load("""
                network { kind = mlp, inputs = 20, hidden = [64, 64], outputs = 5 }
                data { kind = batches, path = src/test/resources/golden/mlp-batches.safetensors }
                optimizer { kind = sgd, momentum = 0.9, weightDecay = 0.01, schedule { kind = cosine, warmupSteps = 3 } }
                """);
        assertThat(config.network()).isEqualTo(new MlpConfig(20, List.of(64, 64), 5, Activation.RELU));
        assertThat(config.optimizer())
                .isEqualTo(new SgdOptimizer(1e-2, 0.9, 0.01, Schedule.of(Schedule.Kind.COSINE, 3)));
        assertThat(config.clip().maxNorm()).isZero();
    }

    @Test
    void batchFileGivesStepsAndGlobalBatchThatAreLeftOut() throws IOException {
        String batches = "data { kind = batches, path = src/test/resources/golden/lm-batches.safetensors }\n";
        assertThat(load(GPT + batches).train()).isEqualTo(new TrainConfig(40, 8, 1, 0, 0));
        assertThat(load(GPT + batches + "train.steps = 7").train()).isEqualTo(new TrainConfig(7, 8, 1, 0, 0));
    }

    @Test
    void overridesWinAndTheLastOfAKeyWins() throws IOException {
        RunConfig config = load(
                GPT,
                "train.steps=3",
                "train.steps = 5",
                "network.hidden=128",
                "output.dir=/tmp/a b//c#1:d",
                "optimizer.schedule={kind=linear,warmupSteps=2}",
                "data.path=\"quoted.txt\"");
        assertThat(config.train().steps()).isEqualTo(5);
        assertThat(config.network()).isInstanceOfSatisfying(GptConfig.class, gpt -> {
            assertThat(gpt.hidden()).isEqualTo(128);
            assertThat(gpt.intermediate()).isEqualTo(512);
        });
        assertThat(config.output().dir()).isEqualTo(Path.of("/tmp/a b//c#1:d"));
        assertThat(config.data()).isEqualTo(new TextSamples(Path.of("quoted.txt")));
        assertThat(config.optimizer())
                .isInstanceOfSatisfying(
                        AdamWOptimizer.class,
                        adamW -> assertThat(adamW.schedule()).isEqualTo(Schedule.of(Schedule.Kind.LINEAR, 2)));
    }

    @Test
    void nullInAnOverrideUnsetsInitFrom() throws IOException {
        assertThat(load(GPT + "init.from = x.safetensors").init().from()).isEqualTo(Path.of("x.safetensors"));
        assertThat(load(GPT + "init.from = x.safetensors", "init.from=null")
                        .init()
                        .from())
                .isNull();
    }

    @Test
    void overridesAloneAreEnough() {
        RunConfig config = RunConfigLoader.load(
                null,
                List.of(
                        "network={kind=gpt,vocab=256,context=8,hidden=8,layers=1,heads=2}",
                        "data.kind=text",
                        "data.path=a"));
        assertThat(config.data()).isEqualTo(new TextSamples(Path.of("a")));
    }

    @Test
    void environmentVariablesAreSubstituted() throws IOException {
        assertThat(load(GPT + "output.dir = ${PATH}\noutput.dir = ${?NO_SUCH_VARIABLE_HERE}")
                        .output()
                        .dir())
                .isEqualTo(Path.of(System.getenv("PATH")));
    }

    @Test
    void renderedConfigReadsBackEqual() throws IOException {
        RunConfig gpt = load(GPT + "init.from = \"odd \\\"name\\\".safetensors\"\ntrain.seed = -9007199254740993");
        assertThat(RunConfigLoader.parse(gpt.render())).isEqualTo(gpt);
        RunConfig llama = load(GPT + "network { kind = llama, kvHeads = 2, dropout = 0.1 }");
        assertThat(RunConfigLoader.parse(llama.render())).isEqualTo(llama);
        RunConfig mlp = load("network { kind = mlp, inputs = 3, hidden = [], outputs = 2, activation = tanh }\n"
                + "data { kind = batches, path = b }\ntrain { steps = 1, globalBatch = 4 }\noptimizer.kind = sgd");
        assertThat(RunConfigLoader.parse(mlp.render())).isEqualTo(mlp);
    }

    @Test
    void automaticStrategyReadsBackEqual() throws IOException {
        RunConfig config = load(GPT, "strategy=auto");
        assertThat(config.render()).contains("strategy = auto\n");
        assertThat(RunConfigLoader.parse(config.render())).isEqualTo(config);
    }

    @Test
    void renderedConfigIsReadable() throws IOException {
        assertThat(load(GPT, "optimizer.kind=sgd").render()).isEqualTo("""
                        device = auto
                        mesh {
                          data = 1
                          model = 1
                        }
                        network {
                          kind = gpt
                          vocab = 256
                          context = 32
                          hidden = 64
                          layers = 2
                          heads = 4
                          intermediate = 256
                          eps = 1.0E-5
                          tiedHead = true
                          dropout = 0.0
                        }
                        data {
                          kind = text
                          path = "text.txt"
                        }
                        optimizer {
                          kind = sgd
                          learningRate = 0.01
                          momentum = 0.0
                          weightDecay = 0.0
                          clipGlobalNorm = 0.0
                          schedule {
                            kind = constant
                            warmupSteps = 0
                          }
                        }
                        train {
                          steps = 100
                          globalBatch = 16
                          microBatches = 1
                          seed = 0
                          deviceMemoryLimit = null
                          onNonFinite = stop
                          profile {
                            steps = 0
                            after = 5
                          }
                        }
                        init {
                          from = null
                        }
                        output {
                          dir = "runs/latest"
                        }
                        checkpoint {
                          dir = null
                          everySteps = 0
                          everySeconds = 0
                          keep = 3
                          async = true
                        }
                        elastic {
                          maxFailures = 4
                          waitSeconds = 120
                          minExecutors = 1
                          excludeAfter = 3
                          fromMemory = true
                        }
                        precision {
                          parameters = float32
                          compute = float32
                          reduce = float32
                          master = float32
                        }
                        collective {
                          transport = auto
                          algorithm = auto
                          segmentBytes = 262144
                          timeoutSeconds = 300
                          connectTimeoutSeconds = 60
                          silenceSeconds = 12
                          bindAddress = ""
                          portRange = "0"
                          encrypt = false
                          streams = 0
                          messageDelayMillis = 0
                        }
                        strategy {
                          zero = 0
                          shard = 0
                          reshardAfterForward = true
                          recompute = none
                          sequenceParallel = false
                          offloadOptimizer = false
                          overlap = true
                          bucketBytes = 4194304
                          prefetchBytes = 1073741824
                        }
                        """);
    }

    @Test
    void allMistakesAreReportedTogetherWithKeyAndLine() throws IOException {
        Path file = write("""
                mesh { data = 2, model = 3 }
                network {
                  kind = gpt
                  vocab = 100
                  context = 32
                  hiden = 64
                  layers = many
                  heads = 4
                  kvHeads = 2
                }
                data { kind = text }
                train { steps = 0, globalBatch = 15 }
                learningRate = 3
                optimizer.schedule.kind = cosin
                """);
        InvalidConfigException failure = catchThrowableOfType(
                InvalidConfigException.class, () -> RunConfigLoader.load(file, List.of("oops", "output.dri=x")));
        assertThat(failure.getMessage().replace(file.toString(), "F")).isEqualTo("""
                        config has 13 mistakes:
                          override is not key=value: override='oops'. Write --set key=value.
                          F:13: learningRate is not a key. Did you mean optimizer.learningRate?
                          F:6: network.hiden is not a key. Did you mean network.hidden?
                          F:9: network.kvHeads does not belong to network.kind=gpt. Remove it or set network.kind=llama.
                          F:2: network.hidden is missing. Give a whole number of 1 or more.
                          F:7: network.layers is not a whole number: value=many. Give a whole number of 1 or more.
                          F:11: data.path is missing. Give a path.
                          F:14: optimizer.schedule.kind is not known: value=cosin. Give one of constant, cosine, linear. Did you mean cosine?
                          F:12: train.steps is out of range: value=0. Give a whole number of 1 or more.
                          --set output.dri=x: output.dri is not a key. Did you mean output.dir?
                          F:12: train.globalBatch is not divisible by mesh.data * train.microBatches: globalBatch=15, mesh.data=2, microBatches=1. Change one of them.
                          F:8: network.heads is not divisible by mesh.model: network.heads=4, mesh.model=3. Change one of them.
                          F:4: network.vocab is too small for bytes of text: vocab=100, data.kind=text. Give 256 or more.""");
        assertThat(failure.mistakes()).hasSize(13);
        assertThat(failure.mistakes().get(2))
                .isEqualTo(new ConfigMistake(
                        "network.hiden", file + ":6", "network.hiden is not a key. Did you mean network.hidden?"));
    }

    @Test
    void headRulesAreChecked() {
        assertMistakes(
                "network.heads=5",
                "network.hidden is not divisible by network.heads: network.hidden=64, network.heads=5. Change one of them.");
        assertMistakes(
                "network={kind=llama,kvHeads=3}",
                "network.heads is not divisible by network.kvHeads: network.heads=4, network.kvHeads=3. Change one of them.");
        assertMistakes(
                "network={kind=llama,hidden=20}",
                "network.hidden gives heads of odd size, which rotary embedding cannot turn: hidden=20, heads=4, headDim=5. Make hidden / heads even.");
        assertMistakes(
                "network={intermediate=63}",
                "mesh.model=2",
                "network.intermediate is not divisible by mesh.model: network.intermediate=63, mesh.model=2. Change one of them.");
    }

    @Test
    void keyValueHeadsFewerThanModelAxisAreAllowed() throws IOException {
        RunConfig config = load(GPT, "network={kind=llama,kvHeads=2}", "mesh.model=4");
        assertThat(config.mesh().model()).isEqualTo(4);
    }

    @Test
    void valuesOfWrongTypeOrRangeAreReported() {
        assertMistakes(
                "train.steps=2.5",
                "--set train.steps=2.5: train.steps is not a whole number: value=2.5. Give a whole number of 1 or more.");
        assertMistakes("train.steps=99999999999", "train.steps is out of range: value=99999999999.");
        assertMistakes("train.steps=[1]", "train.steps is not a whole number: value=[1].");
        assertMistakes(
                "network.dropout=1", "network.dropout is out of range: value=1. Give a number from 0 up to below 1.");
        assertMistakes("network.tiedHead=yes", "network.tiedHead is not true or false: value=yes. Give true or false.");
        assertMistakes("network.eps=0", "network.eps is out of range: value=0. Give a number above 0.");
        assertMistakes(
                "optimizer.learningRate=NaN",
                "optimizer.learningRate is not a number: value=NaN. Give a number above 0.");
        assertMistakes(
                "optimizer.clipGlobalNorm=-1",
                "optimizer.clipGlobalNorm is out of range: value=-1. Give a number of 0 or more.");
        assertMistakes("mesh.data=0", "mesh.data is out of range: value=0. Give a whole number of 1 or more.");
        assertMistakes("train=5", "train is not a section: value=5. Write train { key = value }.");
        assertMistakes(
                "network.kind=gtp",
                "network.kind is not known: value=gtp. Give one of gpt, llama, mlp, dl4j. Did you mean gpt?");
        assertMistakes(
                "optimizer.momentum=0.5",
                "optimizer.momentum does not belong to optimizer.kind=adamw. Remove it or set optimizer.kind=sgd.");
        assertMistakes("data.path=[1]", "data.path=\"\"", "data.path is not a path: value=. Give a path in quotes.");
    }

    @Test
    void mlpNeedsBatches() {
        assertMistakes(
                "network=null",
                "network={kind=mlp,inputs=1,hidden=[2],outputs=1}",
                "data.kind does not go with network.kind: data.kind=text, network.kind=mlp. Set data.kind=batches.");
        assertMistakes(
                "network=null",
                "network={kind=mlp,inputs=1,hidden=[0, x],outputs=1}",
                "network.hidden is out of range: value=0. Give a list of whole numbers of 1 or more, such as [64, 64].");
    }

    @Test
    void sequenceParallelismNeedsSequencesThatDivide() throws IOException {
        assertMistakes(
                "network=null",
                "network={kind=mlp,inputs=1,hidden=[2],outputs=1}",
                "data={kind=batches,path=b}",
                "train={steps=1,globalBatch=4}",
                "strategy.sequenceParallel=true",
                "strategy.sequenceParallel does not go with network.kind, which has no sequences:"
                        + " strategy.sequenceParallel=true, network.kind=mlp. Set strategy.sequenceParallel=false.");
        assertMistakes(
                "network.context=31",
                "mesh.model=2",
                "strategy.sequenceParallel=true",
                "network.context is not divisible by mesh.model, which strategy.sequenceParallel splits it over:"
                        + " network.context=31, mesh.model=2. Change one of them.");
        assertThat(load(GPT, "strategy.sequenceParallel=true").strategy().sequenceParallel())
                .as("nothing to do without a model axis, and no mistake")
                .isTrue();
    }

    @Test
    void shardDividesDataAndNeedsAStage() {
        assertMistakes(
                "mesh.data=4",
                "strategy.zero=3",
                "strategy.shard=3",
                "strategy.shard does not divide mesh.data: strategy.shard=3, mesh.data=4. Change one of them, or set"
                        + " strategy.shard=0 to split over all of data.");
        assertMistakes(
                "mesh.data=4",
                "strategy.shard=2",
                "strategy.shard goes with strategy.zero=1, 2 or 3, for stage 0 splits nothing: strategy.shard=2,"
                        + " strategy.zero=0. Raise strategy.zero, or leave strategy.shard out.");
        assertMistakes(
                "strategy.shard=-1", "strategy.shard is out of range: value=-1. Give a whole number of 0 or more.");
    }

    @Test
    void shardReadsBackEqual() throws IOException {
        RunConfig config = load(GPT, "mesh.data=4", "strategy.zero=3", "strategy.shard=2");
        assertThat(config.strategy().shard()).isEqualTo(2);
        assertThat(RunConfigLoader.parse(config.render())).isEqualTo(config);
    }

    @Test
    void overrideThatBreaksARuleIsBlamedRatherThanTheFile() {
        assertMistakes(
                "mesh.model=3",
                "--set mesh.model=3: network.heads is not divisible by mesh.model: network.heads=4, mesh.model=3.");
        assertMistakes("tain.steps=3", "--set tain.steps=3: tain is not a key. Did you mean train?");
    }

    @Test
    void anOverrideIsNotBlamedForAnotherKeyOfItsSection() {
        String batches = "data={kind=batches,path=src/test/resources/golden/lm-batches.safetensors}";
        // 8 samples a batch, as the file has it
        assertThatThrownBy(() -> RunConfigLoader.load(
                        null,
                        List.of(
                                "network={kind=gpt,vocab=256,context=32,hidden=8,layers=1,heads=2}",
                                batches,
                                "train.seed=5",
                                "mesh.data=3")))
                .hasMessage(
                        "config has a mistake:\n  --set mesh.data=3: train.globalBatch is not divisible by mesh.data *"
                                + " train.microBatches: globalBatch=8, mesh.data=3, microBatches=1. Change one of them.");
        assertThatThrownBy(() -> load("""
                        network { kind = gpt, vocab = 256, context = 32, hidden = 8, layers = 1, heads = 2 }
                        mesh { data = 3 }
                        data { kind = batches, path = src/test/resources/golden/lm-batches.safetensors }
                        """, "train.seed=5"))
                .hasMessageContaining("run.conf:3: train.globalBatch is not divisible by mesh.data")
                .hasMessageNotContaining("--set");
        assertThatThrownBy(() -> RunConfigLoader.load(null, List.of("network.kind=mlp", "data.kind=batches")))
                .hasMessageContaining("\n  config: network.inputs is missing.")
                .hasMessageContaining("\n  config: data.path is missing. Give a path.")
                .hasMessageNotContaining("--set");
    }

    @Test
    void aPathBeginsAtTheUsersHomeWithATilde() throws IOException {
        RunConfig config = load(GPT, "data={kind=text}", "data.path=~/book.txt", "output.dir=~/out", "init.from=a~/b");
        String home = System.getenv().getOrDefault("HOME", System.getProperty("user.home"));
        assertThat(config.data()).isEqualTo(new TextSamples(Path.of(home, "book.txt")));
        assertThat(config.output().dir()).hasToString(home + "/out");
        assertThat(config.init().from()).hasToString("a~/b");
    }

    @Test
    void badOverridesAreQuoted() {
        assertMistakes("=3", "override is not key=value: override='=3'. Write --set key=value.");
        assertMistakes("train.steps=", "override is not valid HOCON: override='train.steps=', reason=");
        assertMistakes("train..steps=3", "override is not valid HOCON: override='train..steps=3', reason=");
        assertMistakes("train.steps={", "override is not valid HOCON: override='train.steps={', reason=");
        assertMistakes("train.steps=3, other=4", "override is not one value: override='train.steps=3, other=4'.");
    }

    @Test
    void missingAndMalformedFilesAreReported() throws IOException {
        Path missing = folder.resolve("none.conf");
        assertThatThrownBy(() -> RunConfigLoader.load(missing, List.of()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("config has a mistake:\n  config file is missing: path=" + missing + ". Check the path.");
        Path malformed = write("mesh { data = 1\nnetwork = [\n");
        assertThatThrownBy(() -> RunConfigLoader.load(malformed, List.of()))
                .isInstanceOf(InvalidConfigException.class)
                .hasMessageContaining("  " + malformed + ":")
                .hasMessageContaining("config is not valid HOCON");
        Path unresolved = write("mesh.data = 1\nmesh.model = ${nothing.here}\n");
        assertThatThrownBy(() -> RunConfigLoader.load(unresolved, List.of()))
                .isInstanceOf(InvalidConfigException.class)
                .hasMessageContaining("  " + unresolved + ":2: config is not valid HOCON")
                .hasMessageContaining("${nothing.here}");
    }

    @Test
    void unusableBatchFileIsReportedAtItsKeyWhenItsSizesAreNeeded() {
        assertMistakes(
                "data={kind=batches,path=none.safetensors}",
                "data.path cannot be used: safetensors file is missing: path=none.safetensors. Check the path.");
    }

    /** The last text is the mistake expected among those that the overrides lead to. */
    private void assertMistakes(String... overridesThenMessage) {
        int last = overridesThenMessage.length - 1;
        List<String> overrides = List.of(overridesThenMessage).subList(0, last);
        assertThatThrownBy(() -> load(GPT, overrides.toArray(String[]::new)))
                .isInstanceOf(InvalidConfigException.class)
                .hasMessageContaining(overridesThenMessage[last]);
    }

    private RunConfig load(String text, String... overrides) throws IOException {
        return RunConfigLoader.load(write(text), List.of(overrides));
    }

    private Path write(String text) throws IOException {
        return Files.writeString(folder.resolve("run.conf"), text);
    }
}
