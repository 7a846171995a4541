package dev.tartan.backend.cuda;

import static org.bytedeco.cuda.global.cublas.*;
import static org.bytedeco.cuda.global.cudart.CUDA_R_16BF;
import static org.bytedeco.cuda.global.cudart.CUDA_R_32F;
import static org.bytedeco.cuda.global.cudart.CUDA_R_64F;

import dev.tartan.plan.FuseProductEpilogues;
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
    private final Map<Key, cublasLtMatmulAlgo_t> algorithms = new ConcurrentHashMap<>();

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
        /**
         * Describes a product.
         *
         * @param vector address of what the epilogue reads or writes
         */
        static Description of(MatrixProduct product, long vector) {
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
            if (product.epilogue() != MatrixProduct.Epilogue.NONE) {
                epilogue(operation, epilogueOf(product.epilogue()), vector);
            }
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

    BytedecoCublas() {
        check(cublasLtCreate(handle), "cublasLtCreate", null);
    }

    private static void check(int code, String call, @Nullable Object what) {
        if (code != CUBLAS_STATUS_SUCCESS) {
            throw new IllegalStateException("cuBLASLt call failed: call=" + call + ", status=" + code
                    + (what == null ? "." : ", given for=" + what + "."));
        }
    }

    /** A product with the way to do it. */
    BytedecoCuda.CudaCallOn prepare(BoundProduct bound) {
        MatrixProduct product = bound.product();
        long bits = bound.a() | bound.b() | bound.c() | bound.workspace() | bound.vector() | MAX_ALIGNMENT;
        Description description = Description.of(product, bound.vector());
        cublasLtMatmulAlgo_t algorithm = algorithms.computeIfAbsent(
                new Key(product, (int) Long.lowestOneBit(bits)), key -> algorithm(key, description));
        boolean isDouble = product.type() == CudaType.FLOAT64;
        Pointer alpha = isDouble ? oneDouble : one;
        Pointer beta = product.adds() ? alpha : isDouble ? zeroDouble : zero;
        Pointer left = new BytedecoAddress(bound.b());
        Pointer right = new BytedecoAddress(bound.a());
        Pointer out = new BytedecoAddress(bound.c());
        Pointer space = new BytedecoAddress(bound.workspace());
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
                        algorithm,
                        space,
                        product.workspaceBytes(),
                        stream),
                "cublasLtMatmul",
                work == null ? product : work.label());
    }

    private cublasLtMatmulAlgo_t algorithm(Key key, Description description) {
        MatrixProduct product = key.product;
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
                throw new IllegalStateException("cuBLASLt has no way to do a product: product=" + product + "."
                        + (product.epilogue() == MatrixProduct.Epilogue.NONE
                                ? ""
                                : " Compile without epilogues, by -D" + FuseProductEpilogues.PROPERTY
                                        + "=false for the driver."));
            }
            Pointer.memcpy(algorithm, found.algo(), algorithm.sizeof());
        }
        return algorithm;
    }

    private static void prefer(cublasLtMatmulPreferenceOpaque_t preference, int attribute, Pointer value, long bytes) {
        check(
                cublasLtMatmulPreferenceSetAttribute(preference, attribute, value, bytes),
                "cublasLtMatmulPreferenceSetAttribute",
                attribute);
    }

    private static void transpose(cublasLtMatmulDescOpaque_t operation, int attribute, boolean transposed) {
        try (IntPointer value = new IntPointer(new int[] {transposed ? CUBLAS_OP_T : CUBLAS_OP_N})) {
            set(operation, attribute, value, Integer.BYTES);
        }
    }

    private static void epilogue(cublasLtMatmulDescOpaque_t operation, int epilogue, long vector) {
        try (IntPointer value = new IntPointer(new int[] {epilogue});
                LongPointer address = new LongPointer(new long[] {vector})) {
            set(operation, CUBLASLT_MATMUL_DESC_EPILOGUE, value, Integer.BYTES);
            set(operation, CUBLASLT_MATMUL_DESC_BIAS_POINTER, address, Long.BYTES);
        }
    }

    /**
     * As its matrices are the transposes of ours, a row of its result is a column of c: its bias has an element a row.
     * Its A is our b, and the gradient of a bias is that operand's sum over the inner dim.
     */
    private static int epilogueOf(MatrixProduct.Epilogue epilogue) {
        return switch (epilogue) {
            case NONE -> CUBLASLT_EPILOGUE_DEFAULT;
            case BIAS -> CUBLASLT_EPILOGUE_BIAS;
            case SUM_OF_A -> CUBLASLT_EPILOGUE_BGRADB;
            case SUM_OF_B -> CUBLASLT_EPILOGUE_BGRADA;
        };
    }

    private static void set(cublasLtMatmulDescOpaque_t operation, int attribute, Pointer value, long bytes) {
        check(
                cublasLtMatmulDescSetAttribute(operation, attribute, value, bytes),
                "cublasLtMatmulDescSetAttribute",
                attribute);
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
