package dev.tartan.backend.nd4j;

import dev.tartan.backend.Arena;
import dev.tartan.backend.Buffer;
import dev.tartan.backend.Kernel;
import dev.tartan.backend.Scratch;
import dev.tartan.backend.Stream;
import dev.tartan.backend.StreamUse;
import dev.tartan.graph.DType;
import dev.tartan.graph.Op;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import dev.tartan.op.Activation;
import dev.tartan.op.Einsum;
import dev.tartan.op.Lstm;
import dev.tartan.op.LstmGrad;
import dev.tartan.op.SimpleRnn;
import dev.tartan.op.SimpleRnnGrad;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * Prints how long recurrent ops take, and the share of that in which their flops could be done at the speed of a large
 * product; run by hand, asserts nothing.
 */
final class RecurrentBench {
    private static final int SAMPLES = 21;

    private RecurrentBench() {}

    public static void main(String[] arguments) {
        long n = arguments.length > 0 ? Long.parseLong(arguments[0]) : 32;
        long t = arguments.length > 1 ? Long.parseLong(arguments[1]) : 100;
        long h = arguments.length > 2 ? Long.parseLong(arguments[2]) : 200;
        int threads = Runtime.getRuntime().availableProcessors();
        Nd4jBackend backend = new Nd4jBackend(threads);
        backend.device(0).attachThread();
        TensorType square = type(1024, 1024);
        double peak = measure(backend, new Einsum("ij,jk->ik"), List.of(square, square), 0);
        measure(backend, new Einsum("ij,jk->ik"), List.of(type(n, h), type(h, 4 * h)), peak);
        measure(backend, new Einsum("ij,kj->ik"), List.of(type(n, 4 * h), type(h, 4 * h)), peak);
        measure(backend, new Einsum("ij,ik->jk"), List.of(type(n * t, h), type(n * t, 4 * h)), peak);
        for (boolean peepholes : new boolean[] {false, true}) {
            Lstm lstm = new Lstm(Activation.TANH, Activation.SIGMOID, peepholes, false, false);
            List<TensorType> types =
                    new ArrayList<>(List.of(type(n, t, 4 * h), type(h, 4 * h), type(n, h), type(n, h)));
            if (peepholes) {
                types.add(type(3, h));
            }
            measure(backend, lstm, types, peak);
            List<TensorType> gradient = new ArrayList<>(List.of(type(n, t, h)));
            gradient.addAll(types.subList(1, 4));
            gradient.addAll(lstm.resultTypes(types));
            gradient.addAll(types.subList(4, types.size()));
            measure(backend, new LstmGrad(lstm, false), gradient, peak);
        }
        SimpleRnn simple = new SimpleRnn(Activation.TANH, false, false);
        TensorType x = type(n, t, h);
        measure(backend, simple, List.of(x, type(h, h), type(n, h)), peak);
        measure(backend, new SimpleRnnGrad(simple), List.of(x, type(h, h), type(n, h), x, x), peak);
    }

    private static TensorType type(long... dims) {
        return new TensorType(DType.FLOAT32, Shape.shape(dims));
    }

    /** Prints the median; returns flops a nanosecond. */
    private static double measure(Nd4jBackend backend, Op op, List<TensorType> types, double peak) {
        List<TensorType> results = op.resultTypes(types);
        long scratchBytes = backend.kernels().scratchBytes(op, types);
        long bytes = Scratch.bytesFor(types) + Scratch.bytesFor(results);
        Random random = new Random(1);
        try (Arena arena = backend.device(0).allocate(bytes + scratchBytes)) {
            Scratch memory = new Scratch(arena, 0, bytes);
            List<Buffer> in = types.stream().map(memory::take).toList();
            List<Buffer> out = results.stream().map(memory::take).toList();
            for (Buffer buffer : in) {
                float[] values = new float[Math.toIntExact(buffer.type().shape().numElements())];
                for (int i = 0; i < values.length; i++) {
                    values[i] = (float) (0.1 * random.nextGaussian());
                }
                buffer.write(values);
            }
            try (Kernel kernel = backend.kernels().bind(op, in, out, new Scratch(arena, bytes, scratchBytes));
                    Stream stream = backend.device(0).stream(StreamUse.COMPUTE)) {
                double[] nanos = new double[SAMPLES];
                for (int i = -3 * SAMPLES; i < SAMPLES; i++) {
                    long start = System.nanoTime();
                    kernel.enqueue(stream);
                    nanos[Math.max(i, 0)] = System.nanoTime() - start;
                }
                Arrays.sort(nanos);
                double speed = op.flops(types) / nanos[SAMPLES / 2];
                System.out.printf(
                        Locale.ROOT,
                        "%-40s median %8.3f ms, best %8.3f ms, %6.1f GFlop/s, %3.0f %% of a large product%n",
                        op.name() + " " + op.attributes(),
                        nanos[SAMPLES / 2] / 1e6,
                        nanos[0] / 1e6,
                        speed,
                        peak == 0 ? 100 : 100 * speed / peak);
                return speed;
            }
        }
    }
}
