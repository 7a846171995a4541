package dev.tartan.backend.cuda;

import static dev.tartan.backend.cuda.CudaSource.ROTARY;

import dev.tartan.backend.Arena;
import dev.tartan.mesh.Shape;
import dev.tartan.op.Rotary;
import java.util.ArrayList;
import java.util.List;

/**
 * Rotary position embedding; see {@code rotary.cu}. As an op alone, it makes its table of angles in scratch memory each
 * time; {@link #table} and {@link #turn} let a program make one table for all.
 */
final class RotaryLaunches implements OpLaunches<Rotary> {
    private static final int PACK = 4;

    @Override
    public long scratchBytes(Rotary op, List<DeviceTensor> operands) {
        return 2 * tableBytes(operands.get(0));
    }

    @Override
    public List<Launch> launches(Rotary op, List<DeviceTensor> operands, List<DeviceTensor> results, long scratch) {
        DeviceTensor x = operands.get(0);
        Shape shape = Shape.shape(x.shape().dim(-2), x.width() / 2);
        DeviceTensor cosines = new DeviceTensor(CudaType.FLOAT32, shape, scratch);
        DeviceTensor sines = new DeviceTensor(CudaType.FLOAT32, shape, scratch + tableBytes(x));
        return List.of(
                table(cosines, sines, op.theta(), op.offset().start()),
                turn(results.get(0), x, cosines, sines, op.inverse()));
    }

    private static long tableBytes(DeviceTensor x) {
        return Arena.aligned(x.shape().dim(-2) * (x.width() / 2) * Float.BYTES);
    }

    /** The table [positions, half of the size] of positions from {@code offset} on. */
    static Launch table(DeviceTensor cosines, DeviceTensor sines, double theta, long offset) {
        return Launch.flat(
                KernelName.of(ROTARY, "rotary_table"),
                cosines.count(),
                1,
                KernelArguments.builder()
                        .pointers(cosines, sines)
                        .int64(cosines.shape().dim(0))
                        .int32(Math.toIntExact(cosines.width()))
                        .float64(Math.log(theta))
                        .int64(offset));
    }

    /** Turns x [..., positions, size] by the angles of a table, or back. */
    static Launch turn(DeviceTensor y, DeviceTensor x, DeviceTensor cosines, DeviceTensor sines, boolean inverse) {
        int half = Math.toIntExact(cosines.width());
        return Launch.flat(
                KernelName.of(ROTARY, "rotary", x.type()),
                x.rows() * Launch.ceilDiv(half, PACK),
                1,
                KernelArguments.builder()
                        .pointers(y, x, cosines, sines)
                        .int64(x.rows())
                        .int64(cosines.shape().dim(0))
                        .int32(half)
                        .flag(inverse));
    }

    /** All kernels that these launches may name. */
    static List<KernelName> kernels() {
        List<KernelName> all = new ArrayList<>();
        all.add(KernelName.of(ROTARY, "rotary_table"));
        for (CudaType type : CudaType.COMPUTED) {
            all.add(KernelName.of(ROTARY, "rotary", type));
        }
        return all;
    }
}
