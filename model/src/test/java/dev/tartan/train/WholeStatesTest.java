package dev.tartan.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.backend.Buffer;
import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.collective.MeshCommunicators;
import dev.tartan.collective.local.LocalMesh;
import dev.tartan.execute.RankExecutor;
import dev.tartan.partition.Await;
import dev.tartan.partition.Collective;
import dev.tartan.partition.Instruction;
import dev.tartan.plan.FirstWrite;
import dev.tartan.train.graph.PlannedState;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A step that fails at each of its kernels, and what its states are then. */
class WholeStatesTest {
    private final FaultyBackend backend = new FaultyBackend(new Nd4jBackend(1));

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "optimizer={kind=adamw, learningRate=0.1}",
                "optimizer={kind=adamw, learningRate=0.1, clipGlobalNorm=1}",
                "optimizer={kind=sgd, learningRate=0.1, momentum=0.9}",
                "train.onNonFinite=skip"
            })
    void aStepIsWholeUpToTheFirstKernelThatWritesOverAState(String key) {
        SmallRun.tokens(folder);
        TrainingPlan plan = TrainingJob.of(SmallRun.config(folder, "any", 1, 1, key, "train.microBatches=2"))
                .compile(backend);
        try (MeshCommunicators mesh =
                        LocalMesh.create(List.of("data", "model"), new int[] {1, 1}, Duration.ofMinutes(1));
                RankExecutor executor =
                        new RankExecutor(plan.step().program(), plan.step().memory(), 0, backend.device(0), mesh)) {
            RankTrainer trainer = new RankTrainer(plan, 0, executor);
            List<float[]> before = fill(trainer, plan, executor);
            backend.failAt(-1);
            executor.run();
            assertThat(executor.areWhole(trainer.stateNames()))
                    .as("a whole run")
                    .isTrue();
            assertThat(states(plan, executor)).isNotEqualTo(before);
            int numKernels = Math.toIntExact(backend.kernelsRun());
            int lastWhole = -1;
            int firstChanged = numKernels;
            for (int kernel = 0; kernel < numKernels; kernel++) {
                fill(trainer, plan, executor);
                backend.failAt(kernel);
                assertThatThrownBy(executor::run).hasMessage("power cut");
                boolean whole = executor.areWhole(trainer.stateNames());
                boolean same = same(states(plan, executor), before);
                assertThat(same || !whole)
                        .as("kernel %d of %d", kernel, numKernels)
                        .isTrue();
                if (whole) {
                    assertThat(lastWhole).isEqualTo(kernel - 1);
                    lastWhole = kernel;
                }
                firstChanged = same ? firstChanged : Math.min(firstChanged, kernel);
            }
            // A kernel that writes over a state is seen by failing the next one; copies at the end come after all.
            boolean copied = FirstWrite.of(plan.step().program(), plan.step().memory(), trainer.stateNames())
                    == plan.step().program().instructions().size();
            assertThat(copied).isEqualTo(key.contains("skip"));
            assertThat(lastWhole).isEqualTo(firstChanged - (copied ? 1 : 2)).isGreaterThan(numKernels / 2);
        }
    }

    /** So that a rank whose peers are lost never waits for them with half of its states updated. */
    @ParameterizedTest
    @CsvSource({"2,1,false", "2,2,false", "4,1,true", "2,2,true"})
    void whereAllRanksHoldAllStatesNothingIsWaitedForOnceTheyAreWrittenOver(int data, int model, boolean clips) {
        SmallRun.tokens(folder);
        String clip = "optimizer.clipGlobalNorm=" + (clips ? 1 : 0);
        TrainingPlan plan = TrainingJob.of(SmallRun.config(folder, "any", data, model, clip))
                .compile(backend);
        List<Instruction> instructions = plan.step().program().instructions();
        List<String> names = plan.states().stream().map(PlannedState::name).toList();
        int first = FirstWrite.of(plan.step().program(), plan.step().memory(), names);
        assertThat(instructions.subList(0, first)).anyMatch(WholeStatesTest::waits);
        assertThat(instructions.subList(first, instructions.size()))
                .isNotEmpty()
                .noneMatch(WholeStatesTest::waits);
    }

    private static boolean waits(Instruction instruction) {
        return instruction.op() instanceof Collective || instruction.op() instanceof Await;
    }

    @Test
    void nothingIsWrittenOverWhatNobodyReplaces() {
        SmallRun.tokens(folder);
        TrainingPlan plan = TrainingJob.of(SmallRun.config(folder, "any", 1, 1)).compile(backend);
        assertThat(FirstWrite.of(plan.step().program(), plan.step().memory(), List.of()))
                .isEqualTo(FirstWrite.NEVER);
    }

    private List<float[]> fill(RankTrainer trainer, TrainingPlan plan, RankExecutor executor) {
        trainer.initialize(SmallRun.NETWORK.create(), null);
        executor.input("step").write(new int[] {0});
        Buffer tokens = executor.input("tokens");
        tokens.write(new int[Math.toIntExact(tokens.type().shape().numElements())]);
        return states(plan, executor);
    }

    private static List<float[]> states(TrainingPlan plan, RankExecutor executor) {
        List<float[]> all = new ArrayList<>();
        for (PlannedState state : plan.states()) {
            Buffer buffer = executor.input(state.name());
            float[] values = new float[Math.toIntExact(buffer.type().shape().numElements())];
            buffer.read(values);
            all.add(values);
        }
        return all;
    }

    private static boolean same(List<float[]> one, List<float[]> other) {
        for (int i = 0; i < one.size(); i++) {
            if (!Arrays.equals(one.get(i), other.get(i))) {
                return false;
            }
        }
        return true;
    }
}
