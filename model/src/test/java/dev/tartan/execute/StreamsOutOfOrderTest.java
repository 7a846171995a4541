package dev.tartan.execute;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.backend.Backend;
import dev.tartan.backend.Buffer;
import dev.tartan.backend.Device;
import dev.tartan.backend.fake.FakeBackend;
import dev.tartan.backend.fake.FakeDevice;
import dev.tartan.backend.fake.FarCommunicators;
import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.collective.CollectiveException;
import dev.tartan.collective.MeshCommunicators;
import dev.tartan.collective.local.LocalMesh;
import dev.tartan.partition.Program;
import dev.tartan.partition.RandomProgram;
import dev.tartan.partition.StartCollectives;
import dev.tartan.partition.TestMeshes;
import dev.tartan.plan.MemoryPlan;
import dev.tartan.plan.PlanMemory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Programs on devices whose streams do everything as late as can be, in any order that events allow. */
@Timeout(300)
class StreamsOutOfOrderTest {
    private static final int RUNS = 2;

    private final Backend cpu = new Nd4jBackend(1);
    private final ExecutorService threads = Executors.newCachedThreadPool();

    @AfterEach
    void endThreads() {
        threads.shutdownNow();
    }

    /** Something done to each rank's device before each of its runs. */
    private interface Before {
        void run(Device device);
    }

    /** What every rank has in its outputs and states after each run. */
    private List<List<float[]>> outcome(RandomProgram drawn, Program program, Backend backend, Before before)
            throws Exception {
        Map<String, String> replaced = drawn.replacedStates();
        MemoryPlan plan = PlanMemory.run(program, replaced, cpu);
        MeshCommunicators mesh = new FarCommunicators(
                LocalMesh.create(List.of("data", "model"), new int[] {2, 2}, Duration.ofMinutes(1)));
        List<Future<List<float[]>>> ranks = new ArrayList<>();
        for (int i = 0; i < mesh.numRanks(); i++) {
            int rank = i;
            ranks.add(threads.submit(() -> {
                Device device = backend.device(rank);
                device.attachThread();
                try {
                    return outcome(program, plan, replaced, rank, device, mesh, before);
                } catch (RuntimeException | Error e) {
                    mesh.abort(rank, e);
                    throw e;
                }
            }));
        }
        List<List<float[]>> outcomes = new ArrayList<>();
        ExecutionException failed = null;
        for (Future<List<float[]>> rank : ranks) {
            try {
                outcomes.add(rank.get());
            } catch (ExecutionException e) {
                boolean tellsMore = !(e.getCause() instanceof CollectiveException);
                failed = failed == null || tellsMore ? e : failed;
            }
        }
        if (failed != null) {
            throw failed;
        }
        return outcomes;
    }

    private static List<float[]> outcome(
            Program program,
            MemoryPlan plan,
            Map<String, String> replaced,
            int rank,
            Device device,
            MeshCommunicators mesh,
            Before before) {
        List<float[]> seen = new ArrayList<>();
        try (RankExecutor executor = new RankExecutor(program, plan, rank, device, mesh)) {
            Random random = new Random(rank);
            program.inputs().forEach(input -> fill(executor.input(input.name()), random));
            for (int run = 0; run < RUNS; run++) {
                program.inputs().stream()
                        .filter(input -> !replaced.containsValue(input.name()))
                        .forEach(input -> fill(executor.input(input.name()), random));
                before.run(device);
                executor.run();
                program.outputs().stream()
                        .filter(output -> !replaced.containsKey(output.name()))
                        .forEach(output -> seen.add(values(executor.output(output.name()))));
                replaced.values().forEach(state -> seen.add(values(executor.input(state))));
            }
        }
        return seen;
    }

    private static void fill(Buffer buffer, Random random) {
        float[] values = new float[Math.toIntExact(buffer.type().shape().numElements())];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        buffer.write(values);
    }

    private static float[] values(Buffer buffer) {
        float[] values = new float[Math.toIntExact(buffer.type().shape().numElements())];
        buffer.read(values);
        return values;
    }

    @Test
    void randomProgramsComputeTheSameBits() throws Exception {
        for (int seed = 0; seed < 24; seed++) {
            RandomProgram drawn = new RandomProgram(TestMeshes.dataModel(2, 2), seed);
            Program started = StartCollectives.run(drawn.program(), one -> true);
            List<List<float[]>> expected = outcome(drawn, drawn.program(), cpu, device -> {});
            for (Program program : List.of(drawn.program(), started)) {
                for (int order = 0; order < 3; order++) {
                    assertThat(outcome(drawn, program, new FakeBackend(cpu, order), device -> {}))
                            .as("seed %d, order %d\n%s", seed, order, program)
                            .usingRecursiveComparison()
                            .isEqualTo(expected);
                }
            }
        }
    }

    /** Each record, wait and synchronization of a few programs is left out, one at a time. */
    @Test
    void noEventAndNoWaitIsThereForNothing() throws Exception {
        int leftOut = 0;
        for (int seed : new int[] {3, 10, 17}) {
            RandomProgram drawn = new RandomProgram(TestMeshes.dataModel(2, 2), seed);
            Program program = StartCollectives.run(drawn.program(), one -> true);
            List<List<float[]>> expected = outcome(drawn, drawn.program(), cpu, device -> {});
            FakeBackend whole = new FakeBackend(cpu, seed);
            outcome(drawn, program, whole, device -> ((FakeDevice) device).leaveOut(-1));
            int count = whole.device(0).numOrdered();
            assertThat(count).isGreaterThan(10);
            for (int number = 0; number < count; number++) {
                int left = number;
                assertThat(isRight(drawn, program, expected, device -> ((FakeDevice) device).leaveOut(left)))
                        .as("seed %d without the %d. of %d\n%s", seed, number, count, program)
                        .isFalse();
                leftOut++;
            }
        }
        System.out.println("left out, one at a time: " + leftOut);
    }

    private static Object[] arrays(List<List<float[]>> outcome) {
        return outcome.stream().map(List::toArray).toArray();
    }

    private boolean isRight(RandomProgram drawn, Program program, List<List<float[]>> expected, Before before)
            throws Exception {
        try {
            List<List<float[]>> outcome = outcome(drawn, program, new FakeBackend(cpu, 1), before);
            return Arrays.deepEquals(arrays(outcome), arrays(expected));
        } catch (ExecutionException e) {
            assertThat(e.getCause()).hasMessageContaining("unordered: ");
            return false;
        }
    }
}
