package dev.tartan.backend.cuda;

import dev.tartan.backend.Arena;
import dev.tartan.backend.Buffer;
import dev.tartan.backend.Kernel;
import dev.tartan.backend.KernelFactory;
import dev.tartan.backend.KernelLibrary;
import dev.tartan.backend.KernelTable;
import dev.tartan.backend.Scratch;
import dev.tartan.graph.DType;
import dev.tartan.graph.Op;
import dev.tartan.graph.Reduction;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import dev.tartan.op.Einsum;
import dev.tartan.op.EinsumEpilogue;
import dev.tartan.op.Fill;
import dev.tartan.op.Reduce;
import java.util.List;
import java.util.Objects;

/**
 * The kernels of ops: launches of {@link CudaOps}, a library's products for einsums, and else those of an op's
 * decomposition. They work on whichever GPU their buffers are of.
 */
final class CudaKernels {
    /** Of all GPUs. */
    static final KernelLibrary LIBRARY = table();

    private CudaKernels() {}

    private static KernelTable table() {
        KernelTable.Builder table = KernelTable.builder();
        CudaOps.types().forEach(type -> put(table, type));
        table.prefer(Einsum.class, new Products());
        table.prefer(EinsumEpilogue.class, new EpilogueProducts());
        return table.build();
    }

    private static <O extends Op> void put(KernelTable.Builder table, Class<O> type) {
        table.prefer(type, new Launches<>());
    }

    private static List<DeviceTensor> tensors(List<Buffer> buffers) {
        return buffers.stream().map(buffer -> CudaBuffer.of(buffer).tensor()).toList();
    }

    private static List<DeviceTensor> typesOnly(List<TensorType> types) {
        return types.stream().map(type -> DeviceTensor.of(type, 0)).toList();
    }

    /** The memory itself; null if none is needed. */
    private static List<Buffer> take(Scratch scratch, long bytes) {
        return bytes == 0 ? List.of() : List.of(scratch.take(new TensorType(DType.BOOL, Shape.shape(bytes))));
    }

    private static final class Launches<O extends Op> implements KernelFactory<O> {
        @Override
        public boolean accepts(O op, List<TensorType> operands) {
            return CudaOps.find(op, typesOnly(operands)) != null;
        }

        /** Computed in float32 between reading and writing; what has no kernel for a type is refused by its table. */
        @Override
        public boolean takesHalves() {
            return true;
        }

        @Override
        public long scratchBytes(O op, List<TensorType> operands) {
            List<DeviceTensor> tensors = typesOnly(operands);
            return isEmptySum(op, tensors)
                    ? 0
                    : Arena.aligned(found(op, tensors).scratchBytes(op, tensors));
        }

        @Override
        public Kernel bind(O op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
            List<DeviceTensor> tensors = tensors(operands);
            if (isEmptySum(op, tensors)) {
                return fill(identity(((Reduce) (Op) op).kind()), results.get(0));
            }
            OpLaunches<Op> maker = found(op, tensors);
            List<Buffer> own = take(scratch, Arena.aligned(maker.scratchBytes(op, tensors)));
            long address = own.isEmpty() ? 0 : own.get(0).address();
            return CudaKernel.of(op.name(), operands, results, own)
                    .doing(maker.launches(op, tensors, tensors(results), address));
        }

        private static boolean isEmptySum(Op op, List<DeviceTensor> operands) {
            return op instanceof Reduce && operands.get(0).count() == 0;
        }

        private static OpLaunches<Op> found(Op op, List<DeviceTensor> operands) {
            return Objects.requireNonNull(CudaOps.find(op, operands));
        }
    }

    private static final class Products implements KernelFactory<Einsum> {
        @Override
        public boolean takesHalves() {
            return true;
        }

        @Override
        public long scratchBytes(Einsum op, List<TensorType> operands) {
            return MatrixProduct.of(op, operands).workspaceBytes();
        }

        @Override
        public Kernel bind(Einsum op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
            MatrixProduct product =
                    MatrixProduct.of(op, operands.stream().map(Buffer::type).toList());
            if (product.inner() == 0) {
                return fill(0, results.get(0));
            }
            return bindProduct(op.name(), op, product, operands, results, 0, scratch);
        }
    }

    private static final class EpilogueProducts implements KernelFactory<EinsumEpilogue> {
        /** What is left to the ops one by one: sums of nothing, and types that cuBLASLt has no such epilogue for. */
        @Override
        public boolean accepts(EinsumEpilogue op, List<TensorType> operands) {
            boolean hasType = switch (operands.get(0).dtype()) {
                case FLOAT32 -> true;
                case BFLOAT16 -> op.kind() == EinsumEpilogue.Kind.BIAS;
                default -> false;
            };
            return hasType && product(op, operands).inner() > 0;
        }

        @Override
        public boolean takesHalves() {
            return true;
        }

        private static MatrixProduct product(EinsumEpilogue op, List<TensorType> operands) {
            boolean leftIsA = !MatrixProduct.swaps(op.product());
            MatrixProduct.Epilogue epilogue = switch (op.kind()) {
                case BIAS -> MatrixProduct.Epilogue.BIAS;
                case LEFT_SUM -> leftIsA ? MatrixProduct.Epilogue.SUM_OF_A : MatrixProduct.Epilogue.SUM_OF_B;
                case RIGHT_SUM -> leftIsA ? MatrixProduct.Epilogue.SUM_OF_B : MatrixProduct.Epilogue.SUM_OF_A;
            };
            return MatrixProduct.of(op.product(), operands).with(epilogue);
        }

        @Override
        public long scratchBytes(EinsumEpilogue op, List<TensorType> operands) {
            return product(op, operands).workspaceBytes();
        }

        @Override
        public Kernel bind(EinsumEpilogue op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
            MatrixProduct product =
                    product(op, operands.stream().map(Buffer::type).toList());
            Buffer vector = op.kind() == EinsumEpilogue.Kind.BIAS ? operands.get(2) : results.get(1);
            return bindProduct(op.name(), op.product(), product, operands, results, vector.address(), scratch);
        }
    }

    private static Kernel bindProduct(
            String name,
            Einsum op,
            MatrixProduct product,
            List<Buffer> operands,
            List<Buffer> results,
            long vector,
            Scratch scratch) {
        boolean swaps = MatrixProduct.swaps(op);
        Buffer a = operands.get(swaps ? 1 : 0);
        Buffer b = operands.get(swaps ? 0 : 1);
        List<Buffer> workspace = take(scratch, product.workspaceBytes());
        return CudaKernel.of(name + " " + op.equation(), operands, results, workspace)
                .doing(List.of(new BoundProduct(
                        product,
                        results.get(0).address(),
                        a.address(),
                        b.address(),
                        workspace.get(0).address(),
                        vector)));
    }

    /** What a reduction of nothing is. */
    private static double identity(Reduction kind) {
        return switch (kind) {
            case SUM -> 0;
            case MAX -> Double.NEGATIVE_INFINITY;
            case MIN -> Double.POSITIVE_INFINITY;
        };
    }

    private static Kernel fill(double value, Buffer result) {
        DeviceTensor tensor = CudaBuffer.of(result).tensor();
        return CudaKernel.of("fill", List.of(), List.of(result), List.of())
                .doing(ElementwiseLaunches.fill(new Fill(result.type(), value), List.of(), List.of(tensor), 0));
    }
}
