package dev.tartan.train;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tartan.backend.Backend;
import dev.tartan.backend.Buffer;
import dev.tartan.backend.fake.FakeBackend;
import dev.tartan.backend.fake.FakeDevice;
import dev.tartan.backend.fake.FarCommunicators;
import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.collective.MeshAxes;
import dev.tartan.collective.MeshCommunicators;
import dev.tartan.collective.process.JoinedMeshes;
import dev.tartan.collective.process.SpawnRanks.Wiring;
import dev.tartan.execute.RankExecutor;
import dev.tartan.mesh.Shape;
import dev.tartan.network.NetworkFactory;
import dev.tartan.train.config.RunConfig;
import dev.tartan.train.config.RunConfigLoader;
import dev.tartan.train.data.HostBatch;
import dev.tartan.train.data.HostTensor;
import dev.tartan.train.graph.PlannedState;
import dev.tartan.train.graph.RunMesh;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Training on devices whose streams go on in any order that events allow, and whose memory is not the host's. */
@Timeout(300)
class StreamsOutOfOrderTrainingTest {
    private static final int STEPS = 6;
    private static final long STAGING_CHUNK_BYTES = 4096;

    @TempDir
    Path folder;

    private final Backend cpu = new Nd4jBackend(1);

    @ParameterizedTest(name = "{0} on {1}x{2}, {3}")
    @CsvSource(
            delimiter = '|',
            value = {
                "mlp   | 4 | 1 | strategy.zero=1",
                "gpt   | 1 | 1 | strategy.zero=0",
                "gpt   | 2 | 1 | strategy.zero=0, strategy.bucketBytes=20000",
                "gpt   | 2 | 1 | strategy.zero=1, strategy.offloadOptimizer=true",
                "gpt   | 2 | 2 | strategy.zero=2, strategy.sequenceParallel=true, strategy.recompute=selective",
                "gpt   | 2 | 2 | strategy.zero=3, strategy.bucketBytes=20000, train.microBatches=2",
                "llama | 1 | 2 | strategy.zero=0",
                "llama | 2 | 1 | strategy.zero=3, strategy.offloadOptimizer=true, strategy.recompute=block",
            })
    void goldenNetworksTrainToTheSameBits(String kind, int data, int model, String more) throws Exception {
        Outcome here = train(config(kind, data, model, more, "here"), cpu);
        for (int seed = 0; seed < 2; seed++) {
            Outcome there = train(config(kind, data, model, more, "there" + seed), new FakeBackend(cpu, seed));
            assertThat(there.losses()).isEqualTo(here.losses());
            assertThat(there.parameters()).isEqualTo(here.parameters());
        }
    }

    private record Outcome(List<Double> losses, byte[] parameters) {
        static Outcome of(TrainingPlan plan, TrainingResult result) throws Exception {
            Path file = Objects.requireNonNull(plan.files().result(MeshTrainer.FINAL_FILE));
            return new Outcome(result.steps().stream().map(step -> step.loss()).toList(), Files.readAllBytes(file));
        }
    }

    private RunConfig config(String kind, int data, int model, String more, String name) throws Exception {
        Path output = Files.createDirectory(folder.resolve(name));
        String golden = GoldenConfig.of(
                kind,
                new ObjectMapper().readTree(Files.readAllBytes(GoldenConfig.resource(kind + ".json"))),
                data,
                model,
                output);
        return RunConfigLoader.parse(golden + more + "\ntrain.steps=" + STEPS);
    }

    private static Outcome train(RunConfig config, Backend backend) throws Exception {
        TrainingPlan plan = TrainingJob.of(config).compile(backend);
        try (MeshCommunicators mesh = far(plan)) {
            TrainingResult result =
                    MeshTrainer.run(plan, config.network(), backend, ProcessRanks.all(mesh), step -> {});
            return Outcome.of(plan, Objects.requireNonNull(result));
        }
    }

    private static MeshCommunicators far(TrainingPlan plan) {
        return new FarCommunicators(CommunicationOptions.withinProcess(plan.mesh(), plan.collective()));
    }

    @Tag("large")
    @ParameterizedTest(name = "{0} on {1}x{2}, {3}")
    @CsvSource(
            delimiter = '|',
            value = "llama | 2 | 2 | strategy.zero=3, strategy.bucketBytes=20000, train.microBatches=2")
    void otherCollectivesInChunksTrainToTheSameBits(String kind, int data, int model, String more) throws Exception {
        collectivesInChunksTrainToTheSameBits(kind, data, model, more);
    }

    /** Chunks of 4 KiB, of which the largest tensors have a dozen. */
    @ParameterizedTest(name = "{0} on {1}x{2}, {3}")
    @CsvSource(
            delimiter = '|',
            value = {
                "gpt   | 2 | 2 | strategy.zero=2, strategy.sequenceParallel=true, strategy.recompute=selective",
                "gpt   | 2 | 1 | strategy.zero=1, strategy.offloadOptimizer=true, strategy.bucketBytes=20000",
            })
    void collectivesInChunksTrainToTheSameBits(String kind, int data, int model, String more) throws Exception {
        Outcome here = train(config(kind, data, model, more, "here"), cpu);
        RunConfig config = config(kind, data, model, more, "there");
        Backend backend = new FakeBackend(cpu, 5, STAGING_CHUNK_BYTES);
        TrainingPlan plan = TrainingJob.of(config).compile(backend);
        assertThat(plan.step().memory().rings())
                .isNotEmpty()
                .allSatisfy(ring -> assertThat(ring.bytes()).isLessThanOrEqualTo(3 * STAGING_CHUNK_BYTES));
        try (MeshCommunicators mesh = CommunicationOptions.withinProcess(plan.mesh(), plan.collective())) {
            TrainingResult result =
                    MeshTrainer.run(plan, config.network(), backend, ProcessRanks.all(mesh), step -> {});
            Outcome there = Outcome.of(plan, Objects.requireNonNull(result));
            assertThat(there.losses()).isEqualTo(here.losses());
            assertThat(there.parameters()).isEqualTo(here.parameters());
        }
    }

    @ParameterizedTest(name = "chunks of {0} bytes")
    @ValueSource(longs = {0, STAGING_CHUNK_BYTES})
    void processesTrainToTheSameBits(long stagingChunkBytes) throws Exception {
        SmallRun.tokens(folder);
        String[] keys = {"strategy.zero=3", "strategy.bucketBytes=4000"};
        RunConfig alone = SmallRun.config(folder, "here", 2, 1, keys);
        Outcome here = train(alone, cpu);
        TrainingPlan plan = TrainingJob.of(SmallRun.config(folder, "there", 2, 1, keys))
                .compile(new FakeBackend(cpu, 1, stagingChunkBytes));
        ExecutorService processes = Executors.newFixedThreadPool(2);
        try (JoinedMeshes meshes = JoinedMeshes.of(Wiring.SHM, new MeshAxes(RunMesh.AXES, List.of(2, 1)), 2)) {
            List<Future<@Nullable TrainingResult>> results = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                int process = i;
                results.add(processes.submit(() -> MeshTrainer.run(
                        plan,
                        SmallRun.NETWORK,
                        new FakeBackend(cpu, process, stagingChunkBytes),
                        new ProcessRanks(process, 2, reaching(meshes.process(process), stagingChunkBytes)),
                        step -> {})));
            }
            results.get(1).get();
            Outcome there =
                    Outcome.of(plan, Objects.requireNonNull(results.get(0).get()));
            assertThat(there.losses()).isEqualTo(here.losses());
            assertThat(there.parameters()).isEqualTo(here.parameters());
        } finally {
            processes.shutdownNow();
        }
    }

    private static MeshCommunicators reaching(MeshCommunicators mesh, long stagingChunkBytes) {
        return stagingChunkBytes == 0 ? new FarCommunicators(mesh) : mesh;
    }

    /** Of a step with started gathers and reduce-scatters, one event or wait is left out at a time. */
    @Test
    void noEventAndNoWaitOfATrainingStepIsThereForNothing() throws Exception {
        TrainingJob job = TrainingJob.of(SmallRun.config(
                folder,
                "step",
                2,
                1,
                "strategy.zero=3",
                "strategy.bucketBytes=4000",
                "train.steps=2",
                "train.globalBatch=4"));
        FakeBackend whole = new FakeBackend(cpu, 1);
        TrainingPlan plan = job.compile(whole);
        Map<String, float[]> expected = steps(plan, job.network(), cpu, -1);
        assertThat(steps(plan, job.network(), whole, -1))
                .usingRecursiveComparison()
                .isEqualTo(expected);
        int count = whole.device(0).numOrdered();
        assertThat(count).isGreaterThan(30);
        for (int number = 0; number < count; number++) {
            String outcome;
            try {
                Map<String, float[]> states = steps(plan, job.network(), new FakeBackend(cpu, 1), number);
                outcome = states.keySet().stream().allMatch(name -> Arrays.equals(states.get(name), expected.get(name)))
                        ? "right"
                        : "wrong";
            } catch (IllegalStateException e) {
                outcome = String.valueOf(e.getMessage());
            }
            assertThat(outcome)
                    .as("without the %d. of %d\n%s", number, count, plan.step().program())
                    .startsWith("unordered: ");
        }
        System.out.println("left out, one at a time: " + count);
    }

    /** What ranks hold after two steps. */
    private static Map<String, float[]> steps(TrainingPlan plan, NetworkFactory network, Backend backend, int leftOut)
            throws InterruptedException {
        Map<String, float[]> states = new ConcurrentHashMap<>();
        Shape shape = Shape.shape(2, plan.tokensPerSample() + 1);
        int[] tokens =
                new Random(1).ints(shape.numElements(), 0, SmallRun.VOCAB).toArray();
        HostBatch batch = new HostBatch(Map.of(HostBatch.TOKENS, HostTensor.ofInts(shape, tokens)));
        try (MeshCommunicators mesh = far(plan)) {
            new MeshRun(backend, ProcessRanks.all(mesh)).run((rank, device) -> {
                try (RankExecutor executor =
                        new RankExecutor(plan.step().program(), plan.step().memory(), rank, device, mesh)) {
                    RankTrainer trainer = new RankTrainer(plan, rank, executor);
                    trainer.initialize(network.create(), null);
                    for (int step = 0; step < 2; step++) {
                        if (device instanceof FakeDevice fake) {
                            fake.leaveOut(leftOut);
                        }
                        trainer.step(step, batch);
                    }
                    states.put(rank + "/loss", new float[] {(float) trainer.loss()});
                    for (PlannedState state : plan.states()) {
                        Buffer buffer = executor.input(state.name());
                        float[] values =
                                new float[Math.toIntExact(buffer.type().shape().numElements())];
                        buffer.read(values);
                        states.put(rank + "/" + state.name(), values);
                    }
                }
            });
        }
        return states;
    }
}
