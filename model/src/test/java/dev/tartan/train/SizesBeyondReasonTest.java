package dev.tartan.train;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.mesh.Device;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.Shape;
import dev.tartan.network.Mlp;
import dev.tartan.network.Network;
import dev.tartan.op.Activation;
import dev.tartan.optimizer.ClipGlobalNorm;
import dev.tartan.optimizer.Schedule;
import dev.tartan.optimizer.SgdOptimizer;
import dev.tartan.plan.DeviceTraits;
import dev.tartan.train.config.RunConfig;
import dev.tartan.train.config.RunConfigLoader;
import dev.tartan.train.graph.StepOptions;
import dev.tartan.train.graph.TrainStepGraph;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Sizes that no device could hold are refused at once, as the user's mistake, by the parameter or tensor too large. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class SizesBeyondReasonTest {
    @TempDir
    Path folder;

    @Test
    void aWidthThatFollowsFromHiddenMayNotOverflow() {
        assertRefused("network.hidden=1073741824")
                .hasMessageContaining("network.hidden gives a network.intermediate beyond 2147483647:"
                        + " hidden=1073741824, intermediate=4294967296. Lower network.hidden, or give"
                        + " network.intermediate.");
        assertRefused("network.kind=llama", "network.hidden=1073741824")
                .hasMessageContaining("network.hidden gives a network.intermediate beyond 2147483647");
    }

    @Test
    void aParameterLargerThanAnyDevicesIsNamed() {
        assertRefused("network.hidden=1073741824", "network.intermediate=1024")
                .hasMessage("parameter 'weight' of Projection: tensor is larger than any devices could hold:"
                        + " shape=[1073741824, 3, 4, 268435456], bytesPerElement=4, maxBytes=9007199254740992."
                        + " Lower the sizes of the network or the batch.");
    }

    @Test
    void anActivationLargerThanAnyDevicesIsNamedByItsModule() {
        assertRefused("network.context=1000000000", "train.globalBatch=1000000")
                .hasMessageStartingWith("in 'wte': ")
                .hasMessageContaining("tensor is larger than any devices could hold: shape=[1000000, 1000000000, 64],");
    }

    @Test
    void parametersAndStateThatNoDeviceCouldHoldAreRefusedBeforeTracing() {
        assertRefused("network.hidden=1048576", "network.layers=10")
                .hasMessage("parameters and optimizer state are larger than any device could hold:"
                        + " bytesPerDevice=1583302028820480, limit=35184372088832, parameters=124,"
                        + " largest='h.0.mlp.c_fc.weight' [1048576, 4194304]. Lower network.*, or split it over more"
                        + " devices (mesh.*, strategy.zero).");
    }

    @Test
    void moreLayersThanCanBeCompiledAreRefused() {
        for (String kind : List.of("gpt", "llama")) {
            assertRefused("network.kind=" + kind, "network.layers=100000")
                    .hasMessage("network has more layers than can be compiled: layers=100000, limit=10000."
                            + " Lower network.layers.");
        }
    }

    @Test
    void moreParametersThanCanBeCompiledAreRefused() {
        Network deep = new Mlp(1, Collections.nCopies(100_000, 1), 2, Activation.RELU);
        Mesh mesh = Mesh.of(Device.cpus(1), Shape.shape(1, 1), "data", "model");
        assertThatThrownBy(() -> TrainStepGraph.trace(
                        deep,
                        new SgdOptimizer(0.1, 0, 0, Schedule.constant()),
                        new ClipGlobalNorm(0),
                        StepOptions.of(mesh, 1, 0)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("network has more parameters than can be compiled: network=Mlp, parameters=200002,"
                        + " limit=200000. Lower the number of its layers.");
    }

    private org.assertj.core.api.AbstractThrowableAssert<?, ? extends Throwable> assertRefused(String... overrides) {
        return assertThatThrownBy(() -> TrainingJob.of(load(overrides)).compile(DeviceTraits.PLAIN))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private RunConfig load(String... overrides) throws IOException {
        Path config = Files.writeString(folder.resolve("run.conf"), """
                network { kind = gpt, vocab = 256, context = 32, hidden = 64, layers = 2, heads = 4 }
                data { kind = text, path = text.txt }
                """);
        return RunConfigLoader.load(config, List.of(overrides));
    }
}
