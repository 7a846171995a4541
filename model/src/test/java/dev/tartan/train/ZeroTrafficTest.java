package dev.tartan.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.plan.LiveBytes;
import dev.tartan.train.metrics.CommunicationTotal;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What training at each stage of ZeRO really sends and holds, as its counters and its program's lifetimes have it. */
class ZeroTrafficTest {
    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({"0, 2", "1, 2", "2, 2", "3, 2", "0, 4", "1, 4", "2, 4", "3, 4"})
    void bytesOnTheWireAreThoseOfTheory(int zero, int data) throws Exception {
        SmallRun.tokens(folder);
        Nd4jBackend backend = new Nd4jBackend(1);
        TrainingPlan plan = TrainingPlan.compile(
                SmallRun.config(folder, "run", data, 1, "strategy.zero=" + zero), backend.kernels()::scratchBytes);
        TrainingResult result = MeshTrainer.run(plan, backend, step -> {});

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
        long scalars = (zero == 0 ? 1 : 2) * Float.BYTES;
        assertThat(sent - 2 * scalars).isEqualTo(theory);
    }

    /** At the norm, when all gradients are there: the states, the gradients, and at most two buckets on their way. */
    @Test
    void whatIsAliveBeforeTheUpdateIsWhatTheStageKeeps() {
        SmallRun.tokens(folder);
        for (int data : new int[] {2, 4}) {
            for (int zero = 0; zero <= 3; zero++) {
                TrainingPlan plan = TrainingPlan.compile(
                        SmallRun.config(folder, "plan", data, 1, "strategy.zero=" + zero, "strategy.bucketBytes=16KiB"),
                        (op, operands) -> 0);
                var program = plan.step().program();
                Map<String, String> replaced = new LinkedHashMap<>();
                plan.states().forEach(state -> replaced.put("new." + state.name(), state.name()));
                long[] alive = new LiveBytes(program, replaced)
                        .sums(value -> program.typeOf(value).bytes());
                long kept =
                        plan.parameterBytesPerDevice() + plan.gradientBytesPerDevice() + plan.optimizerBytesPerDevice();
                int norm = 0;
                for (int i = 0; i < alive.length; i++) {
                    if (program.instructions().get(i).op().name().equals("sqrt")) {
                        norm = i;
                    }
                }
                long optimizer = Arrays.stream(alive, norm, norm + 1).sum();
                long other = 16 * 1024 * 4;
                // Gradients of stage 1 are scattered by then, so that only their shards are left.
                long least = zero == 1 ? kept - plan.gradientBytesPerDevice() * (data - 1) / data : kept;
                assertThat(optimizer).as("zero %d on %d", zero, data).isBetween(least, kept + other);
            }
        }
    }

    private static long bytes(TrainingPlan plan, Predicate<String> names) {
        return plan.parameters().stream()
                .filter(state -> names.test(state.name()))
                .mapToLong(state -> state.logicalShape().numElements() * Float.BYTES)
                .sum();
    }
}
