package dev.tartan.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.partition.Program;
import dev.tartan.plan.DeviceTraits;
import dev.tartan.plan.LiveBytes;
import dev.tartan.train.graph.TrainStepGraph;
import dev.tartan.train.metrics.CommunicationTotal;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Predicate;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What training at each stage of ZeRO really sends and holds, as its counters and its program's lifetimes have it. */
class ZeroTrafficTest {
    private static final long BUCKET_BYTES = 16 << 10;

    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({"0, 2", "1, 2", "2, 2", "3, 2", "0, 4", "1, 4", "2, 4", "3, 4"})
    void bytesOnTheWireAreThoseOfTheory(int zero, int data) throws Exception {
        SmallRun.tokens(folder);
        Nd4jBackend backend = new Nd4jBackend(1);
        TrainingPlan plan = TrainingJob.of(SmallRun.config(folder, "run", data, 1, "strategy.zero=" + zero))
                .compile(backend);
        TrainingResult result = MeshTrainer.run(plan, SmallRun.NETWORK, backend, step -> {});

        long psi = plan.numParameters() * Float.BYTES;
        // Embedded tokens and added biases need no parameter for their gradients, but the tied head does.
        long unread = bytes(plan, name -> name.endsWith("bias") || name.startsWith("wpe"));
        long tied = bytes(plan, name -> name.startsWith("wte"));
        long theory = zero < 3 ? 2 * psi : 3 * psi - unread + 2 * tied;
        long sent = 0;
        for (CommunicationTotal total : result.summary().communication()) {
            sent += total.bytes() * (total.op().equals("all_reduce") ? 2 : 1);
        }
        // The loss, and the norm where no rank has all gradients, are reduced too.
        long scalars = (zero == 0 ? 1L : 2L) * Float.BYTES;
        assertThat(sent - 2 * scalars).isEqualTo(theory);
    }

    /** At the norm, when all gradients are there: the states, the gradients, and a few buckets on their way. */
    @ParameterizedTest
    @CsvSource({
        "0, 2, true", "1, 2, true", "2, 2, true", "3, 2, true", "1, 2, false", "2, 2, false", "3, 2, false",
        "0, 4, true", "1, 4, true", "2, 4, true", "3, 4, true", "1, 4, false", "2, 4, false", "3, 4, false"
    })
    void whatIsAliveBeforeTheUpdateIsWhatTheStageKeeps(int zero, int data, boolean overlap) {
        SmallRun.tokens(folder);
        TrainingPlan plan = TrainingJob.of(SmallRun.config(
                        folder,
                        "plan",
                        data,
                        1,
                        "strategy.zero=" + zero,
                        "strategy.bucketBytes=" + BUCKET_BYTES,
                        "strategy.overlap=" + overlap))
                .compile(DeviceTraits.PLAIN);
        Program program = plan.step().program();
        Map<String, String> replaced = new LinkedHashMap<>();
        plan.states().forEach(state -> replaced.put(TrainStepGraph.newLabel(state.name()), state.name()));
        long[] alive = new LiveBytes(program, replaced)
                .sums(value -> program.typeOf(value).bytes());
        int norm = 0;
        for (int i = 0; i < alive.length; i++) {
            norm = program.instructions().get(i).op().name().equals("sqrt") ? i : norm;
        }
        long kept = plan.parameterBytesPerDevice() + plan.gradientBytesPerDevice() + plan.optimizerBytesPerDevice();
        // The gradients of stage 1 have been scattered by then, so that only shards are left.
        long least = zero == 1 ? kept - plan.gradientBytesPerDevice() * (data - 1) / data : kept;
        assertThat(alive[norm]).isBetween(least, kept + 2 * BUCKET_BYTES);
    }

    private static long bytes(TrainingPlan plan, Predicate<String> names) {
        return plan.parameters().stream()
                .filter(state -> names.test(state.name()))
                .mapToLong(state -> state.logicalShape().numElements() * Float.BYTES)
                .sum();
    }
}
