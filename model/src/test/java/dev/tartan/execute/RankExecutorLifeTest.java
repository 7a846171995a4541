package dev.tartan.execute;

import static dev.tartan.mesh.PartitionSpec.spec;
import static dev.tartan.mesh.Shape.shape;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.backend.Arena;
import dev.tartan.backend.Backend;
import dev.tartan.backend.Buffer;
import dev.tartan.backend.KernelLibrary;
import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.collective.MeshCommunicators;
import dev.tartan.collective.local.LocalMesh;
import dev.tartan.graph.DType;
import dev.tartan.graph.GraphBuilder;
import dev.tartan.graph.TensorType;
import dev.tartan.graph.Value;
import dev.tartan.mesh.Device;
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
    private final CountingBackend backend = new CountingBackend(new Nd4jBackend(1));
    private final MeshCommunicators mesh = LocalMesh.create(List.of("data"), new int[] {1}, Duration.ofSeconds(10));
    private final Program program;
    private final MemoryPlan plan;

    RankExecutorLifeTest() {
        GraphBuilder graph = new GraphBuilder("sums");
        Tensor x = Tensor.input(graph, "x", new TensorType(DType.FLOAT32, shape(4, 2)));
        Map<String, Value> outputs = new LinkedHashMap<>();
        outputs.put("sum", x.sum(0).value());
        this.program = PartitionGraph.run(
                Mesh.of(Device.cpus(1), shape(1), "data"),
                graph.build(outputs),
                Map.of(x.value(), spec("data", null)),
                Map.of());
        this.plan = PlanMemory.run(program, Map.of(), backend);
    }

    @Test
    void whatWasAllocatedIsFreedWhenTheRestFails() {
        backend.hasKernels = false;
        assertThatThrownBy(() -> new RankExecutor(program, plan, 0, backend, mesh))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("no kernels");
        assertThat(backend.allocated).isEqualTo(1);
        assertThat(backend.freed).isEqualTo(1);
    }

    @Test
    void closingTwiceFreesOnce() {
        RankExecutor executor = new RankExecutor(program, plan, 0, backend, mesh);
        RankExecutor beside = executor.beside(program, plan);
        beside.close();
        beside.close();
        assertThat(backend.freed).isZero();
        executor.close();
        executor.close();
        assertThat(backend.allocated).isEqualTo(1);
        assertThat(backend.freed).isEqualTo(1);
    }

    @Test
    void useAfterCloseIsAnError() {
        RankExecutor executor = new RankExecutor(program, plan, 0, backend, mesh);
        RankExecutor beside = executor.beside(program, plan);
        executor.run();
        beside.run();
        executor.close();
        for (Runnable use : List.<Runnable>of(
                executor::run,
                executor::profile,
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
    private static final class CountingBackend implements Backend {
        private final Backend real;
        private int allocated;
        private int freed;
        private boolean hasKernels = true;

        CountingBackend(Backend real) {
            this.real = real;
        }

        @Override
        public Arena allocate(long bytes) {
            Arena arena = real.allocate(bytes);
            allocated++;
            return new Arena() {
                @Override
                public long bytes() {
                    return arena.bytes();
                }

                @Override
                public Buffer buffer(TensorType type, long offsetBytes) {
                    return arena.buffer(type, offsetBytes);
                }

                @Override
                public void close() {
                    freed++;
                    arena.close();
                }
            };
        }

        @Override
        public Arena allocateHost(long bytes) {
            return real.allocateHost(bytes);
        }

        @Override
        public boolean sharesHostMemory() {
            return real.sharesHostMemory();
        }

        @Override
        public KernelLibrary kernels() {
            if (!hasKernels) {
                throw new IllegalStateException("no kernels");
            }
            return real.kernels();
        }

        @Override
        public void attachThread() {
            real.attachThread();
        }
    }
}
