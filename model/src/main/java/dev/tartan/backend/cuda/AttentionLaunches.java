package dev.tartan.backend.cuda;

import static dev.tartan.backend.cuda.CudaSource.ATTENTION;

import dev.tartan.backend.cuda.AttentionKernels.Cores;
import dev.tartan.backend.cuda.Launch.Extent;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * Attention that never stores its probabilities; see {@code attention.cu} and {@code attention_tensor.cu}. For the
 * gradient it keeps a number a query.
 */
final class AttentionLaunches {
    private AttentionLaunches() {}

    /**
     * A tensor [batch, heads, positions, size] that lies in memory in any order but for its last dim.
     *
     * @param batch distance of neighbours in elements; likewise {@code head} and {@code position}
     */
    record Heads(long address, long batch, long head, long position) {}

    /**
     * What is computed.
     *
     * @param keyHeads heads of keys and values; {@code heads / keyHeads} of the queries' share each
     * @param causal whether the last query sees all keys, the one before it one less, and so on
     */
    record Form(
            CudaType type,
            int batch,
            int heads,
            int keyHeads,
            int queries,
            int keys,
            int size,
            boolean causal,
            double scale) {
        Form {
            if (heads % keyHeads != 0) {
                throw new IllegalArgumentException("heads of keys do not divide those of queries: heads=" + heads
                        + ", keyHeads=" + keyHeads + ". Use a number of heads that they divide.");
            }
            if (causal && queries > keys) {
                throw new IllegalArgumentException("causal attention has queries that see no key: queries=" + queries
                        + ", keys=" + keys + ". Give at least as many keys.");
            }
        }

        /** The same, of tensors of another type. */
        Form as(CudaType other) {
            return new Form(other, batch, heads, keyHeads, queries, keys, size, causal, scale);
        }
    }

    /** out = softmax(scale q k^T) v, and the logarithms of the sums [batch, heads, queries], float32. */
    static Launch forward(Form form, Cores cores, Heads out, long logSums, Heads q, Heads k, Heads v) {
        AttentionKernels kernels = AttentionKernels.of(cores, form.type, form.size);
        return new Launch(
                kernels.forward(),
                tiles(form.queries, kernels.tiles().get(0), form.heads, form.batch),
                kernels.block(),
                kernels.sharedBytes().get(0),
                KernelArguments.builder()
                        .pointer(out.address)
                        .pointer(logSums)
                        .pointer(q.address)
                        .pointer(k.address)
                        .pointer(v.address)
                        .struct(toBytes(form, q, k, v, out))
                        .build());
    }

    /** The gradients of {@link #forward}; {@code delta} is float32 scratch memory [batch, heads, queries]. */
    static List<Launch> gradient(
            Form form,
            Cores cores,
            Heads dq,
            Heads dk,
            Heads dv,
            Heads dout,
            Heads q,
            Heads k,
            Heads v,
            Heads out,
            long logSums,
            long delta) {
        AttentionKernels kernels = AttentionKernels.of(cores, form.type, form.size);
        byte[] bytes = toBytes(form, q, k, v, out);
        int warps = Launch.THREADS / Launch.WARP;
        Launch deltas = new Launch(
                KernelName.of(ATTENTION, "attention_delta", form.type),
                tiles(form.queries, warps, form.heads, form.batch),
                new Extent(Launch.WARP, warps),
                0,
                KernelArguments.builder()
                        .pointer(delta)
                        .pointer(out.address)
                        .pointer(dout.address)
                        .struct(bytes)
                        .struct(toBytes(dout))
                        .build());
        Launch queries = new Launch(
                kernels.gradQueries(),
                tiles(form.queries, kernels.tiles().get(1), form.heads, form.batch),
                kernels.block(),
                kernels.sharedBytes().get(1),
                inputs(KernelArguments.builder().pointer(dq.address), dout, q, k, v, logSums, delta)
                        .struct(bytes)
                        .struct(toBytes(dq))
                        .struct(toBytes(dout))
                        .build());
        Launch keys = new Launch(
                kernels.gradKeys(),
                tiles(form.keys, kernels.tiles().get(2), form.keyHeads, form.batch),
                kernels.block(),
                kernels.sharedBytes().get(2),
                inputs(KernelArguments.builder().pointer(dk.address).pointer(dv.address), dout, q, k, v, logSums, delta)
                        .struct(bytes)
                        .struct(toBytes(dk))
                        .struct(toBytes(dv))
                        .struct(toBytes(dout))
                        .build());
        return List.of(deltas, queries, keys);
    }

    private static Extent tiles(int positions, int tile, int heads, int batch) {
        return new Extent((int) Launch.ceilDiv(positions, tile), heads, batch);
    }

    private static KernelArguments.Builder inputs(
            KernelArguments.Builder builder, Heads dout, Heads q, Heads k, Heads v, long logSums, long delta) {
        return builder.pointer(dout.address)
                .pointer(q.address)
                .pointer(k.address)
                .pointer(v.address)
                .pointer(logSums)
                .pointer(delta);
    }

    private static byte[] toBytes(Heads heads) {
        return ByteBuffer.allocate(3 * Long.BYTES)
                .order(ByteOrder.nativeOrder())
                .putLong(heads.batch)
                .putLong(heads.head)
                .putLong(heads.position)
                .array();
    }

    private static byte[] toBytes(Form form, Heads q, Heads k, Heads v, Heads out) {
        ByteBuffer bytes =
                ByteBuffer.allocate(12 * Long.BYTES + 8 * Integer.BYTES).order(ByteOrder.nativeOrder());
        for (Heads heads : List.of(q, k, v, out)) {
            bytes.put(toBytes(heads));
        }
        return bytes.putInt(form.heads)
                .putInt(form.heads / form.keyHeads)
                .putInt(form.queries)
                .putInt(form.keys)
                .putInt(form.size)
                .putInt(form.causal ? 1 : 0)
                .putFloat((float) form.scale)
                .array();
    }

    /** All kernels that these launches may name. */
    static List<KernelName> kernels() {
        List<KernelName> all = new ArrayList<>(AttentionKernels.kernels());
        for (CudaType type : CudaType.COMPUTED) {
            all.add(KernelName.of(ATTENTION, "attention_delta", type));
        }
        return all;
    }
}
