package dev.tartan.backend.host;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.backend.Arena;
import dev.tartan.backend.Buffer;
import dev.tartan.backend.Device;
import dev.tartan.backend.Scratch;
import dev.tartan.backend.StreamUse;
import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.graph.DType;
import dev.tartan.graph.Op;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import dev.tartan.op.AdamW;
import dev.tartan.op.Einsum;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class DenormalsTest {
    private static final float DENORMAL = 1e-40f;

    private static <T> T onThread(Callable<T> work) throws Exception {
        ExecutorService thread = Executors.newSingleThreadExecutor();
        try {
            return thread.submit(work).get();
        } finally {
            thread.shutdown();
        }
    }

    /** Not folded by a compiler. */
    private static float product(float a, float b) {
        return a * b;
    }

    @Test
    void aThreadTakesThemForZeroAndOthersDoNot() throws Exception {
        float[] two = onThread(() -> {
            float before = product(DENORMAL, 1);
            Denormals.flush();
            return new float[] {before, product(DENORMAL, 1), product(1e-20f, 1e-20f), product(1e-30f, 1)};
        });
        assertThat(two).containsExactly(DENORMAL, 0, 0, 1e-30f);
        assertThat(product(DENORMAL, 1)).isEqualTo(DENORMAL);
    }

    /** On the calling thread, on those of OpenMP, and on helpers. */
    @Test
    void kernelsOfADeviceTakeThemForZero() throws Exception {
        Device device = new Nd4jBackend(1).device(0);
        float[] products = onThread(() -> {
            device.attachThread();
            return run(device, new Einsum("ij,jk->ik"), 128, 0, DENORMAL, 1);
        });
        assertThat(products).hasSize(128 * 128).containsOnly(0);
        float[] moments = onThread(() -> {
            device.attachThread();
            return run(device, new AdamW(0.9, 0.999, 1e-8, 0), 512, 1, 0, 0, 1.1e-38f, 0);
        });
        assertThat(moments).hasSize(512 * 512).containsOnly(0);
    }

    /** Runs an op on square matrices filled with {@code values}, then scalars of 1. */
    private static float[] run(Device device, Op op, int size, int result, float... values) {
        TensorType matrix = new TensorType(DType.FLOAT32, Shape.shape(size, size));
        TensorType scalar = new TensorType(DType.FLOAT32, Shape.shape());
        int numOperands = op instanceof AdamW ? 7 : values.length;
        List<TensorType> types = IntStream.range(0, numOperands)
                .mapToObj(i -> i < values.length ? matrix : scalar)
                .toList();
        long scratchBytes = Arena.aligned(device.scratchBytes(op, types));
        List<TensorType> outs = op.resultTypes(types);
        long slot = Arena.aligned(matrix.bytes());
        try (Arena arena = device.allocate(slot * (numOperands + outs.size()) + scratchBytes)) {
            List<Buffer> in = new ArrayList<>();
            for (int i = 0; i < numOperands; i++) {
                Buffer buffer = arena.buffer(types.get(i), slot * i);
                float[] filled = new float[i < values.length ? size * size : 1];
                Arrays.fill(filled, i < values.length ? values[i] : 1);
                buffer.write(filled);
                in.add(buffer);
            }
            List<Buffer> out = new ArrayList<>();
            for (int i = 0; i < outs.size(); i++) {
                out.add(arena.buffer(outs.get(i), slot * (numOperands + i)));
            }
            Scratch scratch = new Scratch(arena, slot * (numOperands + outs.size()), scratchBytes);
            device.kernels().bind(op, in, out, scratch).enqueue(device.stream(StreamUse.COMPUTE));
            float[] values0 = new float[size * size];
            out.get(result).read(values0);
            return values0;
        }
    }
}
