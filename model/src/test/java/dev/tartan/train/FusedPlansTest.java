package dev.tartan.train;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.backend.cuda.CudaBackend;
import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.graph.Op;
import dev.tartan.graph.TensorType;
import dev.tartan.op.FusedElementwise;
import dev.tartan.plan.DeviceProfile;
import dev.tartan.plan.DeviceTraits;
import dev.tartan.train.config.RunConfig;
import dev.tartan.train.metrics.StepMetrics;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Runs with elementwise ops fused, beside those of a device that has no kernel for chains. */
class FusedPlansTest {
    private static final Nd4jBackend BACKEND = new Nd4jBackend(1);

    private static final DeviceTraits UNFUSED = unfused(BACKEND);

    /** The same device, but every chain would need memory of its own. */
    private static DeviceTraits unfused(DeviceTraits device) {
        return new DeviceTraits() {
            @Override
            public long scratchBytes(Op op, List<TensorType> operands) {
                return op instanceof FusedElementwise ? 64 : device.scratchBytes(op, operands);
            }

            @Override
            public DeviceProfile profile() {
                return device.profile();
            }
        };
    }

    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({
        "1, 1, 0, none, adamw",
        "1, 1, 0, none, sgd",
        "1, 1, 0, block, sgd",
        "2, 1, 0, none, sgd",
        "2, 1, 1, selective, adamw",
        "2, 1, 2, block, sgd",
        "4, 1, 3, none, sgd",
        "1, 2, 0, none, sgd",
        "2, 2, 3, block, sgd",
        "1, 4, 0, selective, sgd"
    })
    void thePeakIsNeverHigher(int data, int model, int zero, String recompute, String optimizer) {
        RunConfig config = config(data, model, zero, recompute, optimizer);
        TrainingPlan with = TrainingJob.of(config).compile(BACKEND);
        TrainingPlan without = TrainingJob.of(config).compile(UNFUSED);
        assertThat(with.peakBytesPerDevice(BACKEND)).isLessThanOrEqualTo(without.peakBytesPerDevice(UNFUSED));
        assertThat(numChains(without)).isZero();
        assertThat(numChains(with)).isPositive();
    }

    /** Each chain is one launch in place of several. */
    @ParameterizedTest
    @CsvSource({"1, 1, 0, none, adamw", "2, 1, 2, block, sgd", "2, 2, 3, block, adamw"})
    void gpusHaveThemToo(int data, int model, int zero, String recompute, String optimizer) {
        RunConfig config = config(data, model, zero, recompute, optimizer);
        TrainingPlan with = TrainingJob.of(config).compile(CudaBackend.TRAITS);
        TrainingPlan without = TrainingJob.of(config).compile(unfused(CudaBackend.TRAITS));
        assertThat(numChains(with)).isPositive();
        assertThat(with.step().program().instructions().size())
                .isLessThan(without.step().program().instructions().size());
        assertThat(with.peakBytesPerDevice(CudaBackend.TRAITS))
                .isLessThanOrEqualTo(without.peakBytesPerDevice(CudaBackend.TRAITS));
    }

    @Test
    void resultsAreTheSameToTheBit() throws Exception {
        SmallRun.tokens(folder);
        RunConfig config = config(2, 1, 2, "none", "sgd");
        TrainingPlan with = TrainingJob.of(config).compile(BACKEND);
        TrainingPlan without = TrainingJob.of(config).compile(UNFUSED);
        assertThat(losses(config, with)).hasSize(SmallRun.STEPS).isEqualTo(losses(config, without));
    }

    private static List<Double> losses(RunConfig config, TrainingPlan plan) throws InterruptedException {
        List<StepMetrics> steps = new ArrayList<>();
        MeshTrainer.run(plan, config.network(), BACKEND, steps::add);
        return steps.stream().map(StepMetrics::loss).toList();
    }

    private RunConfig config(int data, int model, int zero, String recompute, String optimizer) {
        SmallRun.tokens(folder);
        return SmallRun.config(
                folder,
                "run",
                data,
                model,
                "strategy.zero=" + zero,
                "strategy.recompute=" + recompute,
                "optimizer={kind=" + optimizer + ", learningRate=0.01}");
    }

    private static long numChains(TrainingPlan plan) {
        return plan.step().program().instructions().stream()
                .filter(instruction -> instruction.op() instanceof FusedElementwise)
                .count();
    }
}
