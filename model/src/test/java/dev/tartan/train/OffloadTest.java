package dev.tartan.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.mesh.MemoryKind;
import dev.tartan.partition.MemoryCopy;
import dev.tartan.partition.Program;
import dev.tartan.plan.DeviceProfile;
import dev.tartan.plan.DeviceTraits;
import dev.tartan.train.config.RunConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Optimizer state in host memory, on a backend that tells the two memories apart. */
class OffloadTest {
    private static final String OFFLOAD = "strategy.offloadOptimizer=true";
    private static final DeviceTraits FAR = DeviceTraits.PLAIN.on(DeviceProfile.CPU.sharingHostMemory(false));

    @TempDir
    Path folder;

    @BeforeEach
    void writeTokens() {
        SmallRun.tokens(folder);
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 0", "2, 1, 0", "2, 1, 1", "2, 1, 2", "2, 1, 3", "2, 2, 2", "2, 2, 3", "4, 1, 3"})
    void trainsToTheSameBits(int data, int model, int zero) throws Exception {
        String[] overrides = {"strategy.zero=" + zero};
        TrainingResult here = train("here", data, model, false, overrides);
        TrainingResult offloaded = train("offloaded", data, model, true, overrides);
        assertThat(offloaded.steps().stream().map(step -> step.loss()).toList())
                .isEqualTo(here.steps().stream().map(step -> step.loss()).toList());
        assertThat(Files.readAllBytes(folder.resolve("offloaded").resolve(MeshTrainer.FINAL_FILE)))
                .isEqualTo(Files.readAllBytes(folder.resolve("here").resolve(MeshTrainer.FINAL_FILE)));
    }

    private TrainingResult train(String name, int data, int model, boolean offload, String... overrides)
            throws Exception {
        FarBackend backend = new FarBackend(new Nd4jBackend(1));
        String[] keys = new String[overrides.length + 1];
        System.arraycopy(overrides, 0, keys, 0, overrides.length);
        keys[overrides.length] = "strategy.offloadOptimizer=" + offload;
        TrainingPlan plan =
                TrainingJob.of(SmallRun.config(folder, name, data, model, keys)).compile(backend);
        TrainingResult result = MeshTrainer.run(plan, SmallRun.NETWORK, backend, step -> {});
        long planned = plan.step().memory().hostBytes();
        assertThat(planned > 0).isEqualTo(offload);
        assertThat(backend.hostBytes()).isEqualTo(planned * data * model);
        assertThat(result.summary().hostBytesPerDevice()).isEqualTo(planned);
        assertThat(result.summary().measuredPeakBytesPerDevice())
                .isEqualTo(plan.step().memory().arenaBytes());
        return result;
    }

    /** The optimizer's 8 P (8 P / d where ZeRO splits it) leave the device but for one parameter's at a time. */
    @ParameterizedTest
    @CsvSource({"1, 0", "2, 0", "2, 1", "2, 2", "2, 3"})
    void stateLeavesTheDevice(int data, int zero) {
        // State weighs more than activations here.
        String[] keys = {"strategy.zero=" + zero, "strategy.overlap=false", "strategy.bucketBytes=0"};
        TrainingPlan whole = TrainingJob.of(config(data, keys)).compile(FAR);
        TrainingPlan offloaded =
                TrainingJob.of(config(data, keys[0], keys[1], keys[2], OFFLOAD)).compile(FAR);
        long state = whole.optimizerBytesPerDevice();
        long largest = offloaded.states().stream()
                .filter(each -> !each.isParameter())
                .mapToLong(each -> offloaded
                        .step()
                        .program()
                        .typeOf(offloaded.step().program().input(each.name()).value())
                        .bytes())
                .max()
                .orElseThrow();
        int tensors = whole.states().size() - whole.parameters().size();
        assertThat(offloaded.optimizerBytesPerDevice()).isEqualTo(state);
        assertThat(offloaded.step().memory().hostBytes()).isBetween(state, state + 64L * tensors);
        assertThat(offloaded.step().memory().arenaBytes())
                .isLessThan(whole.step().memory().arenaBytes())
                .isLessThanOrEqualTo(whole.step().memory().arenaBytes() - state + 2 * largest + 64L * tensors);
    }

    @Test
    void eachStateIsCopiedOnceEachWayAndOnlyForItsUpdate() {
        TrainingPlan plan =
                TrainingJob.of(config(2, "strategy.zero=2", OFFLOAD)).compile(FAR);
        Program program = plan.step().program();
        int tensors = plan.states().size() - plan.parameters().size();
        for (MemoryKind kind : MemoryKind.values()) {
            assertThat(program.instructions().stream()
                            .filter(each -> each.op().equals(new MemoryCopy(kind)))
                            .count())
                    .isEqualTo(tensors);
        }
        // m and v of one parameter, at the most, are on the device at once.
        int onDevice = 0;
        int most = 0;
        for (var instruction : program.instructions()) {
            if (instruction.op() instanceof MemoryCopy copy) {
                onDevice += copy.to() == MemoryKind.DEVICE ? 1 : -1;
                most = Math.max(most, onDevice);
            }
        }
        assertThat(most).isEqualTo(2);
    }

    @Test
    void costsNothingWhereStateIsInHostMemoryAnyway() {
        TrainingPlan plain = TrainingJob.of(config(2, "strategy.zero=1")).compile(DeviceTraits.PLAIN);
        TrainingPlan offloaded =
                TrainingJob.of(config(2, "strategy.zero=1", OFFLOAD)).compile(DeviceTraits.PLAIN);
        assertThat(offloaded.step().program().toString())
                .isEqualTo(plain.step().program().toString());
        assertThat(offloaded.step().memory()).isEqualTo(plain.step().memory());
    }

    @Test
    void aPlanForOtherMemoryIsRefused() {
        TrainingPlan plan = TrainingJob.of(config(1, OFFLOAD)).compile(DeviceTraits.PLAIN);
        FarBackend backend = new FarBackend(new Nd4jBackend(1));
        assertThatThrownBy(() -> MeshTrainer.run(plan, SmallRun.NETWORK, backend, step -> {}))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("plan is for another device than 'cpu': planned sharesHostMemory=true, actual=false."
                        + " Compile it for the device that runs it.");
        assertThat(backend.hostBytes()).isZero();
    }

    private RunConfig config(int data, String... keys) {
        return SmallRun.config(folder, "plan", data, 1, keys);
    }
}
