package dev.tartan.backend.nd4j;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.backend.Backend;
import dev.tartan.backend.KernelLibrary;
import dev.tartan.graph.DType;
import dev.tartan.op.reference.HostTensor;
import dev.tartan.op.reference.OpCase;
import java.util.List;

/** Compares kernels with the reference in double precision. */
public final class KernelChecks {
    /**
     * Relative to the largest element of the result: float64 kernels order sums differently; float32 ones round a few
     * dozen times at 6e-8 each.
     */
    private static final double FLOAT64_TOLERANCE = 1e-13;

    private static final double FLOAT32_TOLERANCE = 3e-6;

    /** Computed in float32 and rounded once, to 8 or 11 bits. */
    private static final double BFLOAT16_TOLERANCE = 0x1p-8 + FLOAT32_TOLERANCE;

    private static final double FLOAT16_TOLERANCE = 0x1p-11 + FLOAT32_TOLERANCE;

    private KernelChecks() {}

    /** Runs a case, and fails if a result differs. */
    public static void assertMatchesReference(
            Backend backend, KernelLibrary library, OpCase example, List<Integer> inPlace) {
        List<HostTensor> expected = example.results();
        List<HostTensor> actual = KernelRun.run(backend, library, example.op(), example.operands(), inPlace);
        for (int i = 0; i < expected.size(); i++) {
            DType dtype = expected.get(i).type().dtype();
            assertThat(actual.get(i).type()).isEqualTo(expected.get(i).type());
            double tolerance = switch (dtype) {
                case FLOAT64 -> FLOAT64_TOLERANCE;
                case FLOAT32 -> FLOAT32_TOLERANCE;
                case BFLOAT16 -> BFLOAT16_TOLERANCE;
                case FLOAT16 -> FLOAT16_TOLERANCE;
                default -> 0;
            };
            double[] want = expected.get(i).data();
            double[] have = actual.get(i).data();
            double scale = 1e-30;
            for (double value : want) {
                scale = Math.max(scale, Math.abs(value));
            }
            for (int k = 0; k < want.length; k++) {
                boolean near = Math.abs(have[k] - want[k]) <= tolerance * scale || have[k] == want[k];
                if (!near) {
                    throw new AssertionError("kernel differs from the reference: " + example + ", result=" + i
                            + ", position=" + k + ", expected=" + want[k] + ", actual=" + have[k] + ", scale=" + scale);
                }
            }
        }
    }
}
