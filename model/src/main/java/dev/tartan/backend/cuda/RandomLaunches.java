package dev.tartan.backend.cuda;

import static dev.tartan.backend.cuda.CudaSource.RANDOM;

import dev.tartan.op.RandomUniform;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** Random numbers, the same bits as on a CPU; see {@code random.cu}. */
final class RandomLaunches {
    private static final int MAX_DIMS = 8;
    private static final int PACK = 4;

    private RandomLaunches() {}

    static List<Launch> uniform(
            RandomUniform op, List<DeviceTensor> operands, List<DeviceTensor> results, long scratch) {
        DeviceTensor z = results.get(0);
        return List.of(Launch.flat(
                KernelName.of(RANDOM, "random_uniform", z.type()),
                z.rows() * Launch.ceilDiv(z.width(), PACK),
                1,
                KernelArguments.builder()
                        .pointers(z, operands.get(0))
                        .int64(op.seed())
                        .int32(op.stream())
                        .struct(box(op))));
    }

    private static byte[] box(RandomUniform op) {
        int numDims = op.whole().numDims();
        if (numDims > MAX_DIMS) {
            throw new IllegalArgumentException("random tensor has too many dims: dims=" + numDims + ", atMost="
                    + MAX_DIMS + ". Make it with fewer and reshape.");
        }
        ByteBuffer bytes = ByteBuffer.allocate(8 * (3 * MAX_DIMS + 1)).order(ByteOrder.nativeOrder());
        for (int d = 0; d < numDims; d++) {
            bytes.putLong(8 * d, op.type().shape().dim(d));
            bytes.putLong(8 * (MAX_DIMS + d), op.whole().dim(d));
            bytes.putLong(8 * (2 * MAX_DIMS + d), op.offsets().get(d).start());
        }
        return bytes.putInt(8 * 3 * MAX_DIMS, numDims).array();
    }

    /** All kernels that these launches may name. */
    static List<KernelName> kernels() {
        List<KernelName> all = new ArrayList<>();
        for (CudaType type : List.of(CudaType.FLOAT32, CudaType.BFLOAT16, CudaType.FLOAT64)) {
            all.add(KernelName.of(RANDOM, "random_uniform", type));
        }
        return all;
    }
}
