package dev.tartan.backend.cuda;

import static dev.tartan.backend.cuda.CudaSource.COPY;

import dev.tartan.backend.cuda.CopyBox.Dim;
import dev.tartan.backend.cuda.Launch.Extent;
import dev.tartan.graph.Op;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import dev.tartan.op.BroadcastTo;
import dev.tartan.op.Concat;
import dev.tartan.op.Fill;
import dev.tartan.op.Pad;
import dev.tartan.op.Slice;
import dev.tartan.op.Transpose;
import java.util.ArrayList;
import java.util.List;

/** Ops that only move elements; see {@code copy.cu}. */
final class CopyLaunches {
    private static final int TILE = 32;
    private static final int TILE_ROWS = 8;

    /** Below this a tile would be mostly empty. */
    private static final int SHORTEST_SIDE = 16;

    private static final int MAX_GRID = 65535;

    private CopyLaunches() {}

    /** The same elements in the same order: reshapes and identities. */
    static List<Launch> copy(Op op, List<DeviceTensor> operands, List<DeviceTensor> results, long scratch) {
        DeviceTensor x = operands.get(0);
        return List.of(box(CopyBox.of(List.of(new Dim(x.count(), 1, 1))), results.get(0), 0, x, 0));
    }

    static List<Launch> slice(Slice op, List<DeviceTensor> operands, List<DeviceTensor> results, long scratch) {
        DeviceTensor z = results.get(0);
        DeviceTensor x = operands.get(0);
        return List.of(box(
                z.shape(), CopyBox.strides(z.shape()), CopyBox.strides(x.shape()), z, 0, x, offset(x, op.starts())));
    }

    static List<Launch> concat(Concat op, List<DeviceTensor> operands, List<DeviceTensor> results, long scratch) {
        DeviceTensor z = results.get(0);
        long[] strides = CopyBox.strides(z.shape());
        List<Launch> launches = new ArrayList<>();
        long start = 0;
        for (DeviceTensor x : operands) {
            if (x.count() > 0) {
                launches.add(box(x.shape(), strides, CopyBox.strides(x.shape()), z, start * strides[op.dim()], x, 0));
            }
            start += x.shape().dim(op.dim());
        }
        return launches;
    }

    static List<Launch> pad(Pad op, List<DeviceTensor> operands, List<DeviceTensor> results, long scratch) {
        DeviceTensor z = results.get(0);
        DeviceTensor x = operands.get(0);
        List<Launch> launches = new ArrayList<>();
        if (!z.shape().equals(x.shape())) {
            TensorType anyType = new TensorType(dev.tartan.graph.DType.FLOAT32, z.shape());
            launches.addAll(ElementwiseLaunches.fill(new Fill(anyType, op.value()), List.of(), results, scratch));
        }
        if (x.count() > 0) {
            long[] strides = CopyBox.strides(z.shape());
            launches.add(box(x.shape(), strides, CopyBox.strides(x.shape()), z, offset(z, op.low()), x, 0));
        }
        return launches;
    }

    static List<Launch> broadcastTo(
            BroadcastTo op, List<DeviceTensor> operands, List<DeviceTensor> results, long scratch) {
        DeviceTensor z = results.get(0);
        DeviceTensor x = operands.get(0);
        long[] own = CopyBox.strides(x.shape());
        long[] from = new long[z.shape().numDims()];
        int missing = from.length - own.length;
        for (int d = 0; d < own.length; d++) {
            from[missing + d] = x.shape().dim(d) == 1 ? 0 : own[d];
        }
        return List.of(box(z.shape(), CopyBox.strides(z.shape()), from, z, 0, x, 0));
    }

    static List<Launch> transpose(Transpose op, List<DeviceTensor> operands, List<DeviceTensor> results, long scratch) {
        DeviceTensor z = results.get(0);
        DeviceTensor x = operands.get(0);
        long[] own = CopyBox.strides(x.shape());
        long[] from = op.permutation().stream().mapToLong(d -> own[d]).toArray();
        CopyBox box = CopyBox.of(dims(z.shape(), CopyBox.strides(z.shape()), from));
        int other = box.lastOfSource();
        boolean byTiles = other > 0
                && box.dims().get(0).size() >= SHORTEST_SIDE
                && box.dims().get(other).size() >= SHORTEST_SIDE;
        if (!byTiles) {
            return List.of(box(box, z, 0, x, 0));
        }
        CopyBox ordered = box.withSecond(other);
        long across = ordered.dims().get(0).size();
        long down = ordered.dims().get(1).size();
        long others = ordered.count() / across / down;
        return List.of(new Launch(
                KernelName.of(
                        COPY, "transpose_tiles", CudaType.unsigned(x.type().bytes())),
                new Extent(Math.toIntExact(Launch.ceilDiv(across, TILE) * Launch.ceilDiv(down, TILE)), 1, (int)
                        Math.min(others, MAX_GRID)),
                new Extent(TILE, TILE_ROWS),
                0,
                KernelArguments.builder()
                        .pointers(z, x)
                        .struct(ordered.toBytes())
                        .build()));
    }

    private static Launch box(
            Shape shape, long[] to, long[] from, DeviceTensor z, long zOffset, DeviceTensor x, long xOffset) {
        return box(CopyBox.of(dims(shape, to, from)), z, zOffset, x, xOffset);
    }

    /** By the widest accesses that all addresses and strides allow; offsets in elements. */
    private static Launch box(CopyBox box, DeviceTensor z, long zOffset, DeviceTensor x, long xOffset) {
        int bytes = x.type().bytes();
        long to = z.address() + zOffset * bytes;
        long from = x.address() + xOffset * bytes;
        CopyBox units = box;
        if (box.hasRows()) {
            List<Long> multiples = new ArrayList<>(List.of(to, from));
            box.multiples().forEach(number -> multiples.add(number * x.type().bytes()));
            bytes = commonBytes(x.type(), multiples);
            units = box.inUnitsOf(bytes / x.type().bytes());
        }
        return Launch.flat(
                KernelName.of(COPY, "copy_box", CudaType.unsigned(bytes)),
                units.count(),
                1,
                KernelArguments.builder().pointer(to).pointer(from).struct(units.toBytes()));
    }

    /** The size of the widest unsigned type, at least an element, that divides all of the numbers of bytes. */
    static int commonBytes(CudaType type, List<Long> bytes) {
        int widest = CudaType.PACK_BYTES;
        while (widest > type.bytes()) {
            int now = widest;
            if (bytes.stream().allMatch(number -> number % now == 0)) {
                break;
            }
            widest /= 2;
        }
        return widest;
    }

    private static List<Dim> dims(Shape shape, long[] to, long[] from) {
        List<Dim> dims = new ArrayList<>();
        for (int d = shape.numDims() - 1; d >= 0; d--) {
            dims.add(new Dim(shape.dim(d), to[d], from[d]));
        }
        return dims;
    }

    private static long offset(DeviceTensor tensor, List<Long> starts) {
        long[] strides = CopyBox.strides(tensor.shape());
        long offset = 0;
        for (int d = 0; d < strides.length; d++) {
            offset += starts.get(d) * strides[d];
        }
        return offset;
    }

    /** All kernels that these launches may name. */
    static List<KernelName> kernels() {
        List<KernelName> all = new ArrayList<>();
        for (int bytes : List.of(1, 2, 4, 8, 16)) {
            all.add(KernelName.of(COPY, "copy_box", CudaType.unsigned(bytes)));
            if (bytes < CudaType.PACK_BYTES) {
                all.add(KernelName.of(COPY, "transpose_tiles", CudaType.unsigned(bytes)));
            }
        }
        return all;
    }
}
