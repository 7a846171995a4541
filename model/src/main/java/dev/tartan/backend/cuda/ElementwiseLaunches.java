package dev.tartan.backend.cuda;

import static dev.tartan.backend.cuda.CudaSource.ELEMENTWISE;

import dev.tartan.op.Activate;
import dev.tartan.op.ActivateGrad;
import dev.tartan.op.AddN;
import dev.tartan.op.Binary;
import dev.tartan.op.BinaryKind;
import dev.tartan.op.Cast;
import dev.tartan.op.Compare;
import dev.tartan.op.Fill;
import dev.tartan.op.Iota;
import dev.tartan.op.ScalarBinary;
import dev.tartan.op.Select;
import dev.tartan.op.Unary;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** Functions of single elements; see {@code elementwise.cu}. */
final class ElementwiseLaunches {
    /** Operands of one launch of {@code add_n}. */
    static final int MAX_OPERANDS = 64;

    private ElementwiseLaunches() {}

    static List<Launch> unary(Unary op, List<DeviceTensor> operands, List<DeviceTensor> results, long scratch) {
        return List.of(unary(KernelName.functor(op.kind()), operands.get(0), results.get(0)));
    }

    static List<Launch> activate(Activate op, List<DeviceTensor> operands, List<DeviceTensor> results, long scratch) {
        return List.of(unary(KernelName.functor(op.activation()), operands.get(0), results.get(0)));
    }

    static List<Launch> activateGrad(
            ActivateGrad op, List<DeviceTensor> operands, List<DeviceTensor> results, long scratch) {
        return List.of(broadcast(KernelName.functor(op.activation()) + "Grad", operands, results.get(0)));
    }

    static List<Launch> binary(Binary op, List<DeviceTensor> operands, List<DeviceTensor> results, long scratch) {
        return List.of(broadcast(KernelName.functor(op.kind()), operands, results.get(0)));
    }

    static List<Launch> compare(Compare op, List<DeviceTensor> operands, List<DeviceTensor> results, long scratch) {
        return List.of(broadcast(KernelName.functor(op.kind()), operands, results.get(0)));
    }

    static List<Launch> scalarBinary(
            ScalarBinary op, List<DeviceTensor> operands, List<DeviceTensor> results, long scratch) {
        DeviceTensor x = operands.get(0);
        return List.of(Launch.flat(
                KernelName.of(ELEMENTWISE, "binary_scalar", x.type(), KernelName.functor(op.kind())),
                x.count(),
                x.type().packElements(),
                KernelArguments.builder()
                        .pointers(results.get(0), x)
                        .float64(op.scalar())
                        .flag(op.reversed())
                        .int64(x.count())));
    }

    static List<Launch> cast(Cast op, List<DeviceTensor> operands, List<DeviceTensor> results, long scratch) {
        return List.of(cast(operands.get(0), results.get(0)));
    }

    /** Converts to the type of {@code z}. */
    static Launch cast(DeviceTensor x, DeviceTensor z) {
        return Launch.flat(
                KernelName.of(ELEMENTWISE, "cast", x.type(), z.type()),
                x.count(),
                Math.min(x.type().packElements(), z.type().packElements()),
                KernelArguments.builder().pointers(z, x).int64(x.count()));
    }

    /** The sum from left to right, rounded after every {@link #MAX_OPERANDS} operands. */
    static List<Launch> addN(AddN op, List<DeviceTensor> operands, List<DeviceTensor> results, long scratch) {
        DeviceTensor z = results.get(0);
        List<Launch> launches = new ArrayList<>();
        List<DeviceTensor> rest = operands;
        while (!rest.isEmpty()) {
            List<DeviceTensor> now = new ArrayList<>();
            if (!launches.isEmpty()) {
                now.add(z);
            }
            int taken = Math.min(rest.size(), MAX_OPERANDS - now.size());
            now.addAll(rest.subList(0, taken));
            rest = rest.subList(taken, rest.size());
            ByteBuffer addresses =
                    ByteBuffer.allocate(MAX_OPERANDS * Long.BYTES).order(ByteOrder.nativeOrder());
            now.forEach(operand -> addresses.putLong(operand.address()));
            launches.add(Launch.flat(
                    KernelName.of(ELEMENTWISE, "add_n", z.type()),
                    z.count(),
                    z.type().packElements(),
                    KernelArguments.builder()
                            .pointers(z)
                            .struct(addresses.array())
                            .int32(now.size())
                            .int64(z.count())));
        }
        return launches;
    }

    static List<Launch> select(Select op, List<DeviceTensor> operands, List<DeviceTensor> results, long scratch) {
        DeviceTensor z = results.get(0);
        return List.of(Launch.flat(
                KernelName.of(ELEMENTWISE, "select", CudaType.unsigned(z.type().bytes())),
                z.count(),
                z.type().packElements(),
                KernelArguments.builder()
                        .pointers(z, operands.get(0), operands.get(1), operands.get(2))
                        .int64(z.count())));
    }

    static List<Launch> fill(Fill op, List<DeviceTensor> operands, List<DeviceTensor> results, long scratch) {
        DeviceTensor z = results.get(0);
        return List.of(Launch.flat(
                KernelName.of(ELEMENTWISE, "fill", z.type()),
                z.count(),
                z.type().packElements(),
                KernelArguments.builder().pointers(z).float64(op.value()).int64(z.count())));
    }

    static List<Launch> iota(Iota op, List<DeviceTensor> operands, List<DeviceTensor> results, long scratch) {
        DeviceTensor z = results.get(0);
        long inner = 1;
        for (int d = op.dim() + 1; d < z.shape().numDims(); d++) {
            inner *= z.shape().dim(d);
        }
        return List.of(Launch.flat(
                KernelName.of(ELEMENTWISE, "iota", z.type()),
                z.count(),
                1,
                KernelArguments.builder()
                        .pointers(z)
                        .int64(z.shape().dim(op.dim()))
                        .int64(inner)
                        .int64(op.offset().start())
                        .int64(z.count())));
    }

    private static Launch unary(String functor, DeviceTensor x, DeviceTensor z) {
        return Launch.flat(
                KernelName.of(ELEMENTWISE, "unary", x.type(), functor),
                x.count(),
                x.type().packElements(),
                KernelArguments.builder().pointers(z, x).int64(x.count()));
    }

    private static Launch broadcast(String functor, List<DeviceTensor> operands, DeviceTensor z) {
        DeviceTensor a = operands.get(0);
        DeviceTensor b = operands.get(1);
        BroadcastDims dims = BroadcastDims.of(z.shape(), a.shape(), b.shape());
        int n = a.type().packElements();
        if (dims.isFlat()) {
            return Launch.flat(
                    KernelName.of(ELEMENTWISE, "binary", a.type(), z.type(), functor),
                    z.count(),
                    n,
                    KernelArguments.builder().pointers(z, a, b).int64(z.count()));
        }
        boolean wide = dims.rowsBeginAtMultiplesOf(n)
                && a.address() % CudaType.PACK_BYTES == 0
                && b.address() % CudaType.PACK_BYTES == 0
                && z.address() % ((long) n * z.type().bytes()) == 0;
        return Launch.flat(
                KernelName.of(ELEMENTWISE, "broadcast", a.type(), z.type(), functor),
                Launch.ceilDiv(dims.inner(), n) * dims.outer(),
                1,
                KernelArguments.builder().pointers(z, a, b).struct(dims.toBytes(wide)));
    }

    /** All kernels that these launches may name. */
    static List<KernelName> kernels() {
        List<KernelName> all = new ArrayList<>();
        for (CudaType type : CudaType.COMPUTED) {
            for (dev.tartan.op.Activation activation : dev.tartan.op.Activation.values()) {
                String functor = KernelName.functor(activation);
                all.add(KernelName.of(ELEMENTWISE, "unary", type, functor));
                all.addAll(both(type, type, functor + "Grad").subList(0, 1));
            }
        }
        for (CudaType type : List.of(CudaType.FLOAT32, CudaType.BFLOAT16, CudaType.FLOAT64, CudaType.INT32)) {
            boolean isFloating = type != CudaType.INT32;
            for (Unary.Kind kind : isFloating ? Unary.Kind.values() : new Unary.Kind[0]) {
                all.add(KernelName.of(ELEMENTWISE, "unary", type, KernelName.functor(kind)));
            }
            for (BinaryKind kind : BinaryKind.values()) {
                if (isFloating || kind != BinaryKind.POW) {
                    all.add(KernelName.of(ELEMENTWISE, "binary_scalar", type, KernelName.functor(kind)));
                    all.addAll(both(type, type, KernelName.functor(kind)));
                }
            }
            for (Compare.Kind kind : Compare.Kind.values()) {
                all.addAll(both(type, CudaType.BOOL, KernelName.functor(kind)));
            }
            all.add(KernelName.of(ELEMENTWISE, "fill", type));
            all.add(KernelName.of(ELEMENTWISE, "iota", type));
            if (isFloating) {
                all.add(KernelName.of(ELEMENTWISE, "add_n", type));
            }
        }
        all.add(KernelName.of(ELEMENTWISE, "fill", CudaType.BOOL));
        for (int bytes : List.of(1, 2, 4, 8)) {
            all.add(KernelName.of(ELEMENTWISE, "select", CudaType.unsigned(bytes)));
        }
        for (CudaType from : CudaType.values()) {
            for (CudaType to : CudaType.values()) {
                all.add(KernelName.of(ELEMENTWISE, "cast", from, to));
            }
        }
        return all;
    }

    private static List<KernelName> both(CudaType type, CudaType result, String functor) {
        return List.of(
                KernelName.of(ELEMENTWISE, "binary", type, result, functor),
                KernelName.of(ELEMENTWISE, "broadcast", type, result, functor));
    }
}
