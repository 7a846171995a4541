package dev.tartan.backend;

import static dev.tartan.mesh.Shape.shape;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.graph.DType;
import dev.tartan.graph.TensorType;
import dev.tartan.op.AddN;
import dev.tartan.op.LayerNorm;
import java.util.List;
import org.junit.jupiter.api.Test;

class KernelTableTest {
    private static final TensorType FLOATS = new TensorType(DType.FLOAT32, shape(4, 8));
    private static final TensorType DOUBLES = new TensorType(DType.FLOAT64, shape(4, 8));

    private static KernelFactory<AddN> factory(DType accepted, long scratchBytes) {
        return new KernelFactory<>() {
            @Override
            public boolean accepts(AddN op, List<TensorType> operands) {
                return operands.get(0).dtype() == accepted;
            }

            @Override
            public long scratchBytes(AddN op, List<TensorType> operands) {
                return scratchBytes;
            }

            @Override
            public Kernel bind(AddN op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
                return stream -> {};
            }
        };
    }

    @Test
    void theFactoryPutInLastIsPreferredWhereItAccepts() {
        KernelTable table = KernelTable.builder()
                .prefer(AddN.class, factory(DType.FLOAT32, 1))
                .prefer(AddN.class, factory(DType.FLOAT64, 2))
                .prefer(AddN.class, factory(DType.FLOAT64, 3))
                .build();
        assertThat(table.scratchBytes(new AddN(), List.of(FLOATS))).isEqualTo(1);
        assertThat(table.scratchBytes(new AddN(), List.of(DOUBLES))).isEqualTo(3);
    }

    @Test
    void anOpWithoutKernelAndDecompositionIsRefused() {
        assertThatThrownBy(() -> KernelTable.builder().build().scratchBytes(new AddN(), List.of(FLOATS)))
                .isInstanceOf(UnsupportedOperationException.class)
                .hasMessage("op has no kernel: op=add_n, operands=[f32[4, 8]]. "
                        + "Add a factory to the backend's op table.");
    }

    @Test
    void intermediateValuesReuseMemoryOfDeadOnes() {
        TensorType vector = new TensorType(DType.FLOAT32, shape(8));
        Decomposition decomposition = Decomposition.of(new LayerNorm(1e-5), List.of(FLOATS, vector, vector));
        long separate = decomposition.offsets().keySet().stream()
                .mapToLong(value -> Arena.aligned(value.type().bytes()))
                .sum();
        assertThat(decomposition.valueBytes()).isLessThan(separate);
        assertThat(decomposition.results())
                .hasSize(3)
                .allSatisfy(result -> assertThat(decomposition.offsets()).doesNotContainKey(result));
    }
}
