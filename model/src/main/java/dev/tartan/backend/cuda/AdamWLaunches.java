package dev.tartan.backend.cuda;

import static dev.tartan.backend.cuda.CudaSource.ADAMW;

import dev.tartan.backend.Arena;
import dev.tartan.backend.cuda.Launch.Extent;
import dev.tartan.op.AdamW;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * AdamW, of one tensor as the op says, or of all tensors of an update in one launch; see {@code adamw.cu}. The table of
 * tensors is made on the host once and must lie on the device while the launch runs.
 */
final class AdamWLaunches implements OpLaunches<AdamW> {
    /** Elements that a block updates. */
    private static final long CHUNK = 8192;

    private static final int ENTRY_BYTES = 88;

    private static final int NUMBERS_BYTES = 56;

    /**
     * One tensor of an update.
     *
     * @param parameter float32; the master copy where the parameter is stored in another type
     * @param results the new parameter, m and v, which may be the operands
     * @param stored address of the new parameter in the type that it is stored in, or 0
     */
    record Tensor(
            DeviceTensor parameter,
            DeviceTensor gradient,
            DeviceTensor m,
            DeviceTensor v,
            List<DeviceTensor> results,
            long stored,
            double weightDecay) {
        Tensor {
            results = List.copyOf(results);
        }
    }

    /**
     * Numbers that change from step to step, as addresses of float32 scalars.
     *
     * @param correction1 1 - beta1^t; likewise {@code correction2}
     * @param gradientScale what gradients are multiplied by, or 0
     */
    record Scalars(long rate, long correction1, long correction2, long gradientScale) {}

    /** Only float32: what is stored in fewer bits needs a master copy, which the op does not have. */
    @Override
    public boolean accepts(AdamW op, List<DeviceTensor> operands) {
        return operands.get(0).type() == CudaType.FLOAT32;
    }

    @Override
    public List<Launch> launches(AdamW op, List<DeviceTensor> operands, List<DeviceTensor> results, long scratch) {
        Tensor tensor = new Tensor(
                operands.get(0), operands.get(1), operands.get(2), operands.get(3), results, 0, op.weightDecay());
        Scalars scalars = new Scalars(
                operands.get(4).address(),
                operands.get(5).address(),
                operands.get(6).address(),
                0);
        CudaType type = operands.get(0).type();
        return List.of(new Launch(
                KernelName.of(ADAMW, "adamw_one", type, type),
                new Extent(Math.toIntExact(Launch.ceilDiv(operands.get(0).count(), CHUNK))),
                new Extent(Launch.THREADS),
                0,
                KernelArguments.builder()
                        .struct(entry(tensor, 0))
                        .struct(numbers(scalars, op.beta1(), op.beta2(), op.epsilon()))
                        .int64(CHUNK)
                        .build()));
    }

    /** The table as it must lie on the device. */
    static byte[] table(List<Tensor> tensors) {
        ByteBuffer bytes = ByteBuffer.allocate(tensors.size() * ENTRY_BYTES);
        long firstChunk = 0;
        for (Tensor tensor : tensors) {
            bytes.put(entry(tensor, firstChunk));
            firstChunk += Launch.ceilDiv(tensor.parameter.count(), CHUNK);
        }
        return bytes.array();
    }

    private static byte[] entry(Tensor tensor, long firstChunk) {
        ByteBuffer bytes = ByteBuffer.allocate(ENTRY_BYTES).order(ByteOrder.nativeOrder());
        bytes.putLong(tensor.parameter.address())
                .putLong(tensor.gradient.address())
                .putLong(tensor.m.address())
                .putLong(tensor.v.address());
        tensor.results.forEach(result -> bytes.putLong(result.address()));
        bytes.putLong(tensor.stored)
                .putLong(tensor.parameter.count())
                .putLong(firstChunk)
                .putFloat((float) tensor.weightDecay);
        return bytes.array();
    }

    private static byte[] numbers(Scalars scalars, double beta1, double beta2, double epsilon) {
        return ByteBuffer.allocate(NUMBERS_BYTES)
                .order(ByteOrder.nativeOrder())
                .putLong(scalars.rate)
                .putLong(scalars.correction1)
                .putLong(scalars.correction2)
                .putLong(scalars.gradientScale)
                .putDouble(beta1)
                .putDouble(beta2)
                .putFloat((float) epsilon)
                .array();
    }

    /** Bytes that the table of as many tensors takes. */
    static long tableBytes(int numTensors) {
        return Arena.aligned((long) numTensors * ENTRY_BYTES);
    }

    /**
     * The update of tensors that are not empty.
     *
     * @param stored the type that parameters are stored in
     * @param table address of {@link #table}
     */
    static Launch update(
            CudaType stored,
            List<Tensor> tensors,
            long table,
            Scalars scalars,
            double beta1,
            double beta2,
            double epsilon) {
        long chunks = tensors.stream()
                .mapToLong(tensor -> Launch.ceilDiv(tensor.parameter.count(), CHUNK))
                .sum();
        return new Launch(
                KernelName.of(
                        ADAMW, "adamw_many", stored, tensors.get(0).gradient.type()),
                new Extent(Math.toIntExact(chunks)),
                new Extent(Launch.THREADS),
                0,
                KernelArguments.builder()
                        .pointer(table)
                        .int32(tensors.size())
                        .struct(numbers(scalars, beta1, beta2, epsilon))
                        .int64(CHUNK)
                        .build());
    }

    /** All kernels that these launches may name. */
    static List<KernelName> kernels() {
        List<KernelName> all = new ArrayList<>();
        for (CudaType stored : CudaType.COMPUTED) {
            for (CudaType gradient : CudaType.COMPUTED) {
                all.add(KernelName.of(ADAMW, "adamw_many", stored, gradient));
            }
        }
        all.add(KernelName.of(ADAMW, "adamw_one", CudaType.FLOAT32, CudaType.FLOAT32));
        return all;
    }
}
