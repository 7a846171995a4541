package dev.tartan.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.bytedeco.cuda.global.cublas.*;
import static org.bytedeco.cuda.global.cudart.CUDA_R_16BF;
import static org.bytedeco.cuda.global.cudart.CUDA_R_32F;

import java.io.IOException;
import java.util.Random;
import org.bytedeco.cuda.cublas.cublasLtMatrixLayoutOpaque_t;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.DoublePointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.SizeTPointer;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What cuBLASLt is told of a product means that product: read back from it, and done by loops as its manual says. */
@Tag("cuda")
class CublasDescriptionsTest {
    @BeforeAll
    static void requireDriver() throws IOException {
        HostDriver.requireSome();
    }

    private static final int ROWS = 3;
    private static final int COLUMNS = 5;
    private static final int INNER = 4;

    /** A matrix in column-major order. */
    private record Layout(long rows, long columns, long leading, int batch, long stride) {
        static Layout of(cublasLtMatrixLayoutOpaque_t layout) {
            return new Layout(
                    number(layout, CUBLASLT_MATRIX_LAYOUT_ROWS),
                    number(layout, CUBLASLT_MATRIX_LAYOUT_COLS),
                    number(layout, CUBLASLT_MATRIX_LAYOUT_LD),
                    (int) number(layout, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT),
                    number(layout, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET));
        }

        private static long number(cublasLtMatrixLayoutOpaque_t layout, int attribute) {
            try (LongPointer value = new LongPointer(new long[1]);
                    SizeTPointer written = new SizeTPointer(1)) {
                int bytes = attribute == CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT ? Integer.BYTES : Long.BYTES;
                assertThat(cublasLtMatrixLayoutGetAttribute(layout, attribute, value, bytes, written))
                        .isEqualTo(CUBLAS_STATUS_SUCCESS);
                return value.get();
            }
        }

        int at(int n, long row, long column) {
            return (int) (n * stride + row + column * leading);
        }
    }

    private static boolean isTransposed(BytedecoCublas.Description description, int attribute) {
        try (IntPointer value = new IntPointer(1);
                SizeTPointer written = new SizeTPointer(1)) {
            assertThat(cublasLtMatmulDescGetAttribute(
                            description.operation(), attribute, value, Integer.BYTES, written))
                    .isEqualTo(CUBLAS_STATUS_SUCCESS);
            return value.get() == CUBLAS_OP_T;
        }
    }

    @ParameterizedTest
    @CsvSource({
        "1, false, false, false",
        "2, false, false, false",
        "2, true, false, false",
        "3, false, true, false",
        "2, true, true, false",
        "3, false, false, true",
        "2, true, false, true"
    })
    void theProductIsTheSame(int batch, boolean aTransposed, boolean bTransposed, boolean sharesA) {
        MatrixProduct own = new MatrixProduct(CudaType.FLOAT64, batch, ROWS, COLUMNS, INNER, aTransposed, bTransposed);
        MatrixProduct product = sharesA ? own.sharingA() : own;
        double[] a = new Random(1).doubles((long) batch * ROWS * INNER).toArray();
        double[] b = new Random(2).doubles((long) batch * INNER * COLUMNS).toArray();
        BytedecoCublas.Description description = BytedecoCublas.Description.of(product, 0);
        Layout first = Layout.of(description.first());
        Layout second = Layout.of(description.second());
        Layout out = Layout.of(description.out());
        boolean firstTransposed = isTransposed(description, CUBLASLT_MATMUL_DESC_TRANSA);
        boolean secondTransposed = isTransposed(description, CUBLASLT_MATMUL_DESC_TRANSB);
        long inner = firstTransposed ? first.rows : first.columns;
        assertThat(secondTransposed ? second.columns : second.rows).isEqualTo(inner);
        assertThat(firstTransposed ? first.columns : first.rows).isEqualTo(out.rows);
        assertThat(secondTransposed ? second.rows : second.columns).isEqualTo(out.columns);
        assertThat(out.batch).isEqualTo(batch);
        double[] made = new double[batch * ROWS * COLUMNS];
        for (int n = 0; n < batch; n++) {
            for (long i = 0; i < out.rows; i++) {
                for (long j = 0; j < out.columns; j++) {
                    for (long k = 0; k < inner; k++) {
                        double x = b[firstTransposed ? first.at(n, k, i) : first.at(n, i, k)];
                        double y = a[secondTransposed ? second.at(n, j, k) : second.at(n, k, j)];
                        made[out.at(n, i, j)] += x * y;
                    }
                }
            }
        }
        assertThat(made).isEqualTo(byLoops(product, a, b));
    }

    @Test
    void theResultMayBeOfAnotherType() {
        MatrixProduct product = new MatrixProduct(CudaType.BFLOAT16, 1, ROWS, COLUMNS, INNER, false, false)
                .withResult(CudaType.FLOAT32);
        BytedecoCublas.Description description = BytedecoCublas.Description.of(product, 0);
        assertThat(type(description.first())).isEqualTo(CUDA_R_16BF);
        assertThat(type(description.second())).isEqualTo(CUDA_R_16BF);
        assertThat(type(description.out())).isEqualTo(CUDA_R_32F);
    }

    private static int type(cublasLtMatrixLayoutOpaque_t layout) {
        try (IntPointer value = new IntPointer(1);
                SizeTPointer written = new SizeTPointer(1)) {
            assertThat(cublasLtMatrixLayoutGetAttribute(
                            layout, CUBLASLT_MATRIX_LAYOUT_TYPE, value, Integer.BYTES, written))
                    .isEqualTo(CUBLAS_STATUS_SUCCESS);
            return value.get();
        }
    }

    private static double[] byLoops(MatrixProduct product, double[] a, double[] b) {
        double[] made = new double[(int) (product.batch() * ROWS * COLUMNS)];
        try (DoublePointer left = new DoublePointer(a);
                DoublePointer right = new DoublePointer(b);
                BytePointer out = new BytePointer((long) made.length * Double.BYTES)) {
            HostProducts.run(new BoundProduct(product, out.address(), left.address(), right.address(), 0));
            new DoublePointer(out).get(made);
        }
        return made;
    }

    /** What cuBLASLt's manual says of its column-major matrices gives the vector that our row-major ones have. */
    @ParameterizedTest
    @CsvSource({
        "BIAS, false, false", "BIAS, true, false", "BIAS, false, true", "BIAS, true, true",
        "SUM_OF_A, false, false", "SUM_OF_A, true, false", "SUM_OF_A, false, true", "SUM_OF_A, true, true",
        "SUM_OF_B, false, false", "SUM_OF_B, true, false", "SUM_OF_B, false, true", "SUM_OF_B, true, true"
    })
    void theEpilogueIsTheSame(MatrixProduct.Epilogue epilogue, boolean aTransposed, boolean bTransposed) {
        MatrixProduct product =
                new MatrixProduct(CudaType.FLOAT64, 1, ROWS, COLUMNS, INNER, aTransposed, bTransposed).with(epilogue);
        double[] a = new Random(1).doubles((long) ROWS * INNER).toArray();
        double[] b = new Random(2).doubles((long) INNER * COLUMNS).toArray();
        double[] bias = new Random(3).doubles(COLUMNS).toArray();
        int length = epilogue == MatrixProduct.Epilogue.SUM_OF_A ? ROWS : COLUMNS;
        try (DoublePointer vector = new DoublePointer(length);
                DoublePointer left = new DoublePointer(a);
                DoublePointer right = new DoublePointer(b);
                DoublePointer out = new DoublePointer((long) ROWS * COLUMNS)) {
            vector.put(bias, 0, length);
            BytedecoCublas.Description description = BytedecoCublas.Description.of(product, vector.address());
            assertThat(attribute(description, CUBLASLT_MATMUL_DESC_BIAS_POINTER, Long.BYTES))
                    .isEqualTo(vector.address());
            HostProducts.run(
                    new BoundProduct(product, out.address(), left.address(), right.address(), 0, vector.address()));
            double[] made = new double[ROWS * COLUMNS];
            out.get(made);
            double[] sums = new double[length];
            vector.get(sums);
            double[] plain = byLoops(product.with(MatrixProduct.Epilogue.NONE), a, b);
            switch ((int) attribute(description, CUBLASLT_MATMUL_DESC_EPILOGUE, Integer.BYTES)) {
                case CUBLASLT_EPILOGUE_BIAS -> {
                    Layout layout = Layout.of(description.out());
                    assertThat(length).isEqualTo((int) layout.rows);
                    for (long row = 0; row < layout.rows; row++) {
                        for (long column = 0; column < layout.columns; column++) {
                            plain[layout.at(0, row, column)] += bias[(int) row];
                        }
                    }
                    assertThat(made).isEqualTo(plain);
                }
                case CUBLASLT_EPILOGUE_BGRADA -> {
                    Layout first = Layout.of(description.first());
                    boolean transposed = isTransposed(description, CUBLASLT_MATMUL_DESC_TRANSA);
                    // The sum over k of op(A) [m, k].
                    assertThat(sums).isEqualTo(sums(first, b, !transposed));
                    assertThat(made).isEqualTo(plain);
                }
                case CUBLASLT_EPILOGUE_BGRADB -> {
                    Layout second = Layout.of(description.second());
                    boolean transposed = isTransposed(description, CUBLASLT_MATMUL_DESC_TRANSB);
                    // The sum over k of op(B) [k, n].
                    assertThat(sums).isEqualTo(sums(second, a, transposed));
                    assertThat(made).isEqualTo(plain);
                }
                default -> throw new AssertionError("no epilogue is asked for");
            }
        }
    }

    /** Of each row, or of each column. */
    private static double[] sums(Layout layout, double[] matrix, boolean ofRows) {
        double[] sums = new double[(int) (ofRows ? layout.rows : layout.columns)];
        for (long row = 0; row < layout.rows; row++) {
            for (long column = 0; column < layout.columns; column++) {
                sums[(int) (ofRows ? row : column)] += matrix[layout.at(0, row, column)];
            }
        }
        return sums;
    }

    private static long attribute(BytedecoCublas.Description description, int attribute, int bytes) {
        try (LongPointer value = new LongPointer(new long[1]);
                SizeTPointer written = new SizeTPointer(1)) {
            assertThat(cublasLtMatmulDescGetAttribute(description.operation(), attribute, value, bytes, written))
                    .isEqualTo(CUBLAS_STATUS_SUCCESS);
            return value.get();
        }
    }
}
