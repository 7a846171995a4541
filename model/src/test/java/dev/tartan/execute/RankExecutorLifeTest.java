package dev.tartan.execute;

import static dev.tartan.mesh.PartitionSpec.spec;
import static dev.tartan.mesh.Shape.shape;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.backend.Arena;
import dev.tartan.backend.Device;
import dev.tartan.backend.ForwardingArena;
import dev.tartan.backend.ForwardingDevice;
import dev.tartan.backend.KernelLibrary;
import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.collective.MeshCommunicators;
import dev.tartan.collective.local.LocalMesh;
import dev.tartan.graph.DType;
import dev.tartan.graph.GraphBuilder;
import dev.tartan.graph.TensorType;
import dev.tartan.graph.Value;
import dev.tartan.mesh.Mesh;
import dev.tartan.op.Tensor;
import dev.tartan.partition.PartitionGraph;
import dev.tartan.partition.Program;
import dev.tartan.plan.MemoryPlan;
import dev.tartan.plan.PlanMemory;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RankExecutorLifeTest {
    private final CountingDevice device = new CountingDevice(new Nd4jBackend(1).device(0));
    private final MeshCommunicators mesh = LocalMesh.create(List.of("data"), new int[] {1}, Duration.ofSeconds(10));
    private final Program program;
    private final MemoryPlan plan;

    RankExecutorLifeTest() {
        GraphBuilder graph = new GraphBuilder("sums");
        Tensor x = Tensor.input(graph, "x", new TensorType(DType.FLOAT32, shape(4, 2)));
        Map<String, Value> outputs = new LinkedHashMap<>();
        outputs.put("sum", x.sum(0).value());
        this.program = PartitionGraph.run(
                Mesh.of(dev.tartan.mesh.Device.cpus(1), shape(1), "data"),
                graph.build(outputs),
                Map.of(x.value(), spec("data", null)),
                Map.of());
        this.plan = PlanMemory.run(program, Map.of(), device);
    }

    @Test
    void whatWasAllocatedIsFreedWhenTheRestFails() {
        device.hasKernels = false;
        assertThatThrownBy(() -> new RankExecutor(program, plan, 0, device, mesh))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("no kernels");
        assertThat(device.allocated).isEqualTo(1);
        assertThat(device.freed).isEqualTo(1);
    }

    @Test
    void closingTwiceFreesOnce() {
        RankExecutor executor = new RankExecutor(program, plan, 0, device, mesh);
        RankExecutor beside = executor.beside(program, plan);
        beside.close();
        beside.close();
        assertThat(device.freed).isZero();
        executor.close();
        executor.close();
        assertThat(device.allocated).isEqualTo(1);
        assertThat(device.freed).isEqualTo(1);
    }

    @Test
    void useAfterCloseIsAnError() {
        RankExecutor executor = new RankExecutor(program, plan, 0, device, mesh);
        RankExecutor beside = executor.beside(program, plan);
        executor.run();
        beside.run();
        executor.close();
        for (Runnable use : List.<Runnable>of(
                executor::run,
                executor::trace,
                () -> executor.input("x"),
                () -> executor.output("sum"),
                () -> executor.beside(program, plan),
                beside::run)) {
            assertThatThrownBy(use::run)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("executor is closed, and its memory is freed: program=sums, rank=0. Make a new one.");
        }
    }

    /** Counts arenas; has no kernels if told so. */
    private static final class CountingDevice extends ForwardingDevice {
        private int allocated;
        private int freed;
        private boolean hasKernels = true;

        CountingDevice(Device real) {
            super(real);
        }

        @Override
        public Arena allocate(long bytes) {
            allocated++;
            return new ForwardingArena(super.allocate(bytes)) {
                @Override
                public void close() {
                    freed++;
                    super.close();
                }
            };
        }

        @Override
        public KernelLibrary kernels() {
            if (!hasKernels) {
                throw new IllegalStateException("no kernels");
            }
            return super.kernels();
        }
    }
}
