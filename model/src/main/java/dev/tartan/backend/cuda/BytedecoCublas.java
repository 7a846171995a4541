package dev.tartan.backend.cuda;

import static org.bytedeco.cuda.global.cublas.*;
import static org.bytedeco.cuda.global.cudart.CUDA_R_16BF;
import static org.bytedeco.cuda.global.cudart.CUDA_R_32F;
import static org.bytedeco.cuda.global.cudart.CUDA_R_64F;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.bytedeco.cuda.cublas.cublasLtContext;
import org.bytedeco.cuda.cublas.cublasLtMatmulAlgo_t;
import org.bytedeco.cuda.cublas.cublasLtMatmulDescOpaque_t;
import org.bytedeco.cuda.cublas.cublasLtMatmulHeuristicResult_t;
import org.bytedeco.cuda.cublas.cublasLtMatmulPreferenceOpaque_t;
import org.bytedeco.cuda.cublas.cublasLtMatrixLayoutOpaque_t;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.jspecify.annotations.Nullable;

/**
 * Products by cuBLASLt. What its heuristic advises for a product is asked once and kept. cuBLASLt's matrices are in
 * column-major order, which for ours are their transposes: c' = b' a'.
 */
final class BytedecoCublas implements AutoCloseable {
    private static final int MAX_ALIGNMENT = 256;

    private final cublasLtContext handle = new cublasLtContext();
    private final Map<Key, Plan> plans = new ConcurrentHashMap<>();

    /** Scalars of the sum, float64 for products of that and else float32. */
    private final FloatPointer one = new FloatPointer(1f);

    private final FloatPointer zero = new FloatPointer(0f);
    private final DoublePointer oneDouble = new DoublePointer(1.0);
    private final DoublePointer zeroDouble = new DoublePointer(0.0);

    /** Kernels for wide accesses need aligned addresses. */
    private record Key(MatrixProduct product, int alignment) {}

    /** A product as cuBLASLt knows it, described without a GPU. The first operand is our b. */
    record Description(
            cublasLtMatmulDescOpaque_t operation,
            cublasLtMatrixLayoutOpaque_t first,
            cublasLtMatrixLayoutOpaque_t second,
            cublasLtMatrixLayoutOpaque_t out) {
        static Description of(MatrixProduct product) {
            boolean isDouble = product.type() == CudaType.FLOAT64;
            cublasLtMatmulDescOpaque_t operation = new cublasLtMatmulDescOpaque_t();
            check(
                    cublasLtMatmulDescInit(
                            operation,
                            isDouble ? CUBLAS_COMPUTE_64F : CUBLAS_COMPUTE_32F,
                            isDouble ? CUDA_R_64F : CUDA_R_32F),
                    "cublasLtMatmulDescInit",
                    product);
            transpose(operation, CUBLASLT_MATMUL_DESC_TRANSA, product.bTransposed());
            transpose(operation, CUBLASLT_MATMUL_DESC_TRANSB, product.aTransposed());
            return new Description(
                    operation,
                    layout(product, product.type(), product.inner(), product.columns(), product.bTransposed(), false),
                    layout(
                            product,
                            product.type(),
                            product.rows(),
                            product.inner(),
                            product.aTransposed(),
                            product.sharesA()),
                    layout(product, product.resultType(), product.rows(), product.columns(), false, false));
        }
    }

    private record Plan(Description description, cublasLtMatmulAlgo_t algorithm) {}

    BytedecoCublas() {
        check(cublasLtCreate(handle), "cublasLtCreate", null);
    }

    private static void check(int code, String call, @Nullable Object what) {
        if (code != CUBLAS_STATUS_SUCCESS) {
            throw new IllegalStateException("cuBLASLt call failed: call=" + call + ", status=" + code
                    + (what == null ? "." : ", given for=" + what + "."));
        }
    }

    /** A product with its plan. */
    BytedecoCuda.CudaCallOn prepare(MatrixProduct product, long c, long a, long b, long workspace) {
        long bits = a | b | c | workspace | MAX_ALIGNMENT;
        Plan plan = plans.computeIfAbsent(new Key(product, (int) Long.lowestOneBit(bits)), BytedecoCublas.this::plan);
        Description description = plan.description;
        boolean isDouble = product.type() == CudaType.FLOAT64;
        Pointer alpha = isDouble ? oneDouble : one;
        Pointer beta = product.adds() ? alpha : isDouble ? zeroDouble : zero;
        Pointer left = new BytedecoAddress(b);
        Pointer right = new BytedecoAddress(a);
        Pointer out = new BytedecoAddress(c);
        Pointer space = new BytedecoAddress(workspace);
        return (stream, work) -> check(
                cublasLtMatmul(
                        handle,
                        description.operation,
                        alpha,
                        left,
                        description.first,
                        right,
                        description.second,
                        beta,
                        out,
                        description.out,
                        out,
                        description.out,
                        plan.algorithm,
                        space,
                        product.workspaceBytes(),
                        stream),
                "cublasLtMatmul",
                work == null ? product : work.label());
    }

    private Plan plan(Key key) {
        MatrixProduct product = key.product;
        Description description = Description.of(product);
        cublasLtMatmulAlgo_t algorithm = new cublasLtMatmulAlgo_t();
        try (cublasLtMatmulPreferenceOpaque_t preference = new cublasLtMatmulPreferenceOpaque_t();
                cublasLtMatmulHeuristicResult_t found = new cublasLtMatmulHeuristicResult_t();
                LongPointer workspace = new LongPointer(new long[] {product.workspaceBytes()});
                IntPointer alignment = new IntPointer(new int[] {key.alignment})) {
            check(cublasLtMatmulPreferenceInit(preference), "cublasLtMatmulPreferenceInit", product);
            prefer(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, workspace, Long.BYTES);
            prefer(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, alignment, Integer.BYTES);
            prefer(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, alignment, Integer.BYTES);
            prefer(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, alignment, Integer.BYTES);
            prefer(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, alignment, Integer.BYTES);
            int[] count = new int[1];
            check(
                    cublasLtMatmulAlgoGetHeuristic(
                            handle,
                            description.operation,
                            description.first,
                            description.second,
                            description.out,
                            description.out,
                            preference,
                            1,
                            found,
                            count),
                    "cublasLtMatmulAlgoGetHeuristic",
                    product);
            if (count[0] == 0) {
                throw new IllegalStateException("cuBLASLt has no way to do a product: product=" + product + ".");
            }
            Pointer.memcpy(algorithm, found.algo(), algorithm.sizeof());
        }
        return new Plan(description, algorithm);
    }

    private static void prefer(cublasLtMatmulPreferenceOpaque_t preference, int attribute, Pointer value, long bytes) {
        check(
                cublasLtMatmulPreferenceSetAttribute(preference, attribute, value, bytes),
                "cublasLtMatmulPreferenceSetAttribute",
                attribute);
    }

    private static void transpose(cublasLtMatmulDescOpaque_t operation, int attribute, boolean transposed) {
        try (IntPointer value = new IntPointer(new int[] {transposed ? CUBLAS_OP_T : CUBLAS_OP_N})) {
            check(
                    cublasLtMatmulDescSetAttribute(operation, attribute, value, Integer.BYTES),
                    "cublasLtMatmulDescSetAttribute",
                    attribute);
        }
    }

    /**
     * A batch of our matrices, each {@code rows} by {@code columns} or in memory the transpose of that.
     *
     * @param shared whether all are the first one
     */
    private static cublasLtMatrixLayoutOpaque_t layout(
            MatrixProduct product, CudaType type, long rows, long columns, boolean transposed, boolean shared) {
        long inMemoryRows = transposed ? columns : rows;
        long inMemoryColumns = transposed ? rows : columns;
        cublasLtMatrixLayoutOpaque_t layout = new cublasLtMatrixLayoutOpaque_t();
        check(
                cublasLtMatrixLayoutInit(layout, typeOf(type), inMemoryColumns, inMemoryRows, inMemoryColumns),
                "cublasLtMatrixLayoutInit",
                product);
        try (IntPointer batch = new IntPointer(new int[] {Math.toIntExact(product.batch())});
                LongPointer stride = new LongPointer(new long[] {shared ? 0 : rows * columns})) {
            check(
                    cublasLtMatrixLayoutSetAttribute(layout, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, batch, Integer.BYTES),
                    "cublasLtMatrixLayoutSetAttribute",
                    product);
            check(
                    cublasLtMatrixLayoutSetAttribute(
                            layout, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, stride, Long.BYTES),
                    "cublasLtMatrixLayoutSetAttribute",
                    product);
        }
        return layout;
    }

    private static int typeOf(CudaType type) {
        return switch (type) {
            case FLOAT32 -> CUDA_R_32F;
            case FLOAT64 -> CUDA_R_64F;
            case BFLOAT16 -> CUDA_R_16BF;
            default ->
                throw new IllegalArgumentException(
                        "matrices of this type cannot be multiplied: type=" + type + ". Cast them first.");
        };
    }

    @Override
    public void close() {
        check(cublasLtDestroy(handle), "cublasLtDestroy", null);
    }
}
