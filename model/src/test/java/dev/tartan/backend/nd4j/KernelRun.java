package dev.tartan.backend.nd4j;

import dev.tartan.backend.Arena;
import dev.tartan.backend.Backend;
import dev.tartan.backend.Buffer;
import dev.tartan.backend.Kernel;
import dev.tartan.backend.KernelLibrary;
import dev.tartan.backend.Scratch;
import dev.tartan.backend.Stream;
import dev.tartan.backend.StreamUse;
import dev.tartan.graph.HalfPrecision;
import dev.tartan.graph.Op;
import dev.tartan.graph.TensorType;
import dev.tartan.op.reference.HostTensor;
import java.util.ArrayList;
import java.util.List;

/** Runs one op's kernel on operands given on the host, in an arena that is exactly as large as was declared. */
final class KernelRun {
    private KernelRun() {}

    static List<HostTensor> run(Backend backend, KernelLibrary library, Op op, List<HostTensor> operands) {
        return run(backend, library, op, operands, List.of());
    }

    /** {@code inPlace}: for each result the operand whose memory it takes, or -1; missing entries are -1. */
    static List<HostTensor> run(
            Backend backend, KernelLibrary library, Op op, List<HostTensor> operands, List<Integer> inPlace) {
        List<TensorType> operandTypes = operands.stream().map(HostTensor::type).toList();
        List<TensorType> resultTypes = op.resultTypes(operandTypes);
        long scratchBytes = library.scratchBytes(op, operandTypes);
        long tensorBytes = Scratch.bytesFor(operandTypes) + Scratch.bytesFor(resultTypes);
        try (Arena arena = backend.device(0).allocate(tensorBytes + scratchBytes)) {
            Scratch memory = new Scratch(arena, 0, tensorBytes);
            List<Buffer> in = operandTypes.stream().map(memory::take).toList();
            List<Buffer> out = new ArrayList<>();
            for (int i = 0; i < resultTypes.size(); i++) {
                int shared = i < inPlace.size() ? inPlace.get(i) : -1;
                out.add(shared >= 0 ? in.get(shared) : memory.take(resultTypes.get(i)));
            }
            out.forEach(KernelRun::poison);
            for (int i = 0; i < in.size(); i++) {
                write(in.get(i), operands.get(i).data());
            }
            try (Kernel kernel = library.bind(op, in, out, new Scratch(arena, tensorBytes, scratchBytes));
                    Stream stream = backend.device(0).stream(StreamUse.COMPUTE)) {
                kernel.enqueue(stream);
                stream.synchronize();
                List<HostTensor> first = readAll(out);
                if (inPlace.isEmpty()) {
                    kernel.enqueue(stream);
                    stream.synchronize();
                    List<HostTensor> second = readAll(out);
                    for (int i = 0; i < first.size(); i++) {
                        if (!java.util.Arrays.equals(
                                first.get(i).data(), second.get(i).data())) {
                            throw new AssertionError("second run differs from the first: op=" + op + ", result=" + i);
                        }
                    }
                }
                return first;
            }
        }
    }

    private static List<HostTensor> readAll(List<Buffer> buffers) {
        return buffers.stream()
                .map(buffer -> new HostTensor(buffer.type(), read(buffer)))
                .toList();
    }

    private static void poison(Buffer buffer) {
        double[] values = new double[Math.toIntExact(buffer.type().shape().numElements())];
        java.util.Arrays.fill(values, buffer.type().dtype().isFloating() ? Double.NaN : 1);
        write(buffer, values);
    }

    static void write(Buffer buffer, double[] values) {
        switch (buffer.type().dtype()) {
            case FLOAT64 -> buffer.write(values);
            case FLOAT32 -> {
                float[] floats = new float[values.length];
                for (int i = 0; i < floats.length; i++) {
                    floats[i] = (float) values[i];
                }
                buffer.write(floats);
            }
            case BFLOAT16 -> buffer.write(halves(values, HalfPrecision::toBfloat16));
            case FLOAT16 -> buffer.write(halves(values, HalfPrecision::toFloat16));
            case INT32 -> {
                int[] ints = new int[values.length];
                for (int i = 0; i < ints.length; i++) {
                    ints[i] = (int) values[i];
                }
                buffer.write(ints);
            }
            case BOOL -> {
                byte[] bytes = new byte[values.length];
                for (int i = 0; i < bytes.length; i++) {
                    bytes[i] = (byte) (values[i] == 0 ? 0 : 1);
                }
                buffer.write(bytes);
            }
        }
    }

    private interface Rounding {
        short bits(float value);
    }

    private static short[] halves(double[] values, Rounding rounding) {
        short[] bits = new short[values.length];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = rounding.bits((float) values[i]);
        }
        return bits;
    }

    static double[] read(Buffer buffer) {
        int length = Math.toIntExact(buffer.type().shape().numElements());
        double[] values = new double[length];
        switch (buffer.type().dtype()) {
            case FLOAT64 -> buffer.read(values);
            case FLOAT32 -> {
                float[] floats = new float[length];
                buffer.read(floats);
                java.util.Arrays.setAll(values, i -> floats[i]);
            }
            case BFLOAT16 -> {
                short[] bits = new short[length];
                buffer.read(bits);
                java.util.Arrays.setAll(values, i -> HalfPrecision.bfloat16(bits[i]));
            }
            case FLOAT16 -> {
                short[] bits = new short[length];
                buffer.read(bits);
                java.util.Arrays.setAll(values, i -> HalfPrecision.float16(bits[i]));
            }
            case INT32 -> {
                int[] ints = new int[length];
                buffer.read(ints);
                java.util.Arrays.setAll(values, i -> ints[i]);
            }
            case BOOL -> {
                byte[] bytes = new byte[length];
                buffer.read(bytes);
                java.util.Arrays.setAll(values, i -> bytes[i]);
            }
        }
        return values;
    }
}
