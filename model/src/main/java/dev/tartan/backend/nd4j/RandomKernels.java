package dev.tartan.backend.nd4j;

import dev.tartan.backend.Buffer;
import dev.tartan.backend.Scratch;
import dev.tartan.backend.host.HostKernel;
import dev.tartan.graph.DType;
import dev.tartan.op.RandomUniform;
import dev.tartan.random.Philox;
import java.util.List;

/** Counter-based random numbers. ND4J has none, so they are made on the host and copied. */
final class RandomKernels {
    private RandomKernels() {}

    static HostKernel uniform(RandomUniform op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
        Buffer step = operands.get(0);
        Buffer result = results.get(0);
        int[] stepValue = new int[1];
        int numElements = Math.toIntExact(op.type().shape().numElements());
        if (op.type().dtype() == DType.FLOAT32) {
            float[] values = new float[numElements];
            return () -> {
                step.read(stepValue);
                forEach(op, stepValue[0], (position, value) -> values[position] = value);
                result.write(values);
            };
        }
        double[] values = new double[numElements];
        return () -> {
            step.read(stepValue);
            forEach(op, stepValue[0], (position, value) -> values[position] = value);
            result.write(values);
        };
    }

    private interface Sink {
        void accept(int position, float value);
    }

    private static void forEach(RandomUniform op, int step, Sink sink) {
        long[] dims = op.type().shape().dims();
        int last = dims.length - 1;
        long width = dims.length == 0 ? 1 : dims[last];
        long rows = op.type().shape().numElements() / width;
        long[] index = new long[dims.length];
        int[] words = new int[4];
        int position = 0;
        for (long row = 0; row < rows; row++) {
            long start = 0;
            for (int i = 0; i < dims.length; i++) {
                start = start * op.whole().dim(i) + op.offsets().get(i).start() + index[i];
            }
            for (long column = 0; column < width; column++) {
                long element = start + column;
                // A block serves the four elements that share it.
                if (column == 0 || (element & 3) == 0) {
                    Philox.block(op.seed(), element >>> 2, step, op.stream(), words);
                }
                sink.accept(position++, Philox.toUniform(words[(int) (element & 3)]));
            }
            for (int i = last - 1; i >= 0 && ++index[i] == dims[i]; i--) {
                index[i] = 0;
            }
        }
    }
}
