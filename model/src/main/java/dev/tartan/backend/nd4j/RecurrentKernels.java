package dev.tartan.backend.nd4j;

import dev.tartan.backend.Buffer;
import dev.tartan.backend.KernelFactory;
import dev.tartan.backend.Scratch;
import dev.tartan.backend.host.HostKernel;
import dev.tartan.backend.host.LstmGradRows;
import dev.tartan.backend.host.LstmRows;
import dev.tartan.backend.host.RecurrentStep;
import dev.tartan.backend.host.SimpleRnnGradRows;
import dev.tartan.backend.host.SimpleRnnRows;
import dev.tartan.backend.host.Workers;
import dev.tartan.graph.DType;
import dev.tartan.graph.Op;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import dev.tartan.op.Lstm;
import dev.tartan.op.LstmGrad;
import dev.tartan.op.SimpleRnn;
import dev.tartan.op.SimpleRnnGrad;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Recurrent ops on the CPU, float32: a product with the recurrent weights a step, and the rest of the step in one pass
 * over its rows. Samples do not depend on each other, so lanes of some samples run through all steps side by side. The
 * gradient of the weights is one product over all steps.
 */
final class RecurrentKernels {
    /**
     * Samples of a lane. Products of 16 rows and 200 by 800 weights run at nine tenths of the speed of large ones; with
     * 8 rows a forward pass took a sixth longer. A constant, so that results do not depend on the number of threads.
     */
    private static final int LANE_SAMPLES = 16;

    private RecurrentKernels() {}

    static KernelFactory<Lstm> lstm(Workers workers) {
        return new Factory<>((op, types) -> List.of(types.get(2), step(types.get(0)))) {
            @Override
            public HostKernel bind(Lstm op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
                List<Buffer> work = take(op, operands, scratch);
                RecurrentStep step = new LstmRows(op, operands, results, work.get(0), work.get(1));
                Lanes lanes = new Lanes(workers, step, operands.get(0).type(), true);
                lanes.multiply(work.get(0), Nd4jBuffers.array(operands.get(1)), work.get(1));
                return lanes;
            }
        };
    }

    static KernelFactory<LstmGrad> lstmGrad(Workers workers) {
        return new Factory<>((op, types) -> gradientWork(op, types)) {
            @Override
            public HostKernel bind(LstmGrad op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
                List<Buffer> work = take(op, operands, scratch);
                RecurrentStep step = new LstmGradRows(
                        op, operands, results, work.get(0), work.get(1), work.size() > 3 ? work.get(3) : null);
                Lanes lanes = new Lanes(workers, step, operands.get(6).type(), false);
                lanes.multiplyTransposed(work.get(0), operands.get(1), work.get(2), results.get(2));
                lanes.multiplyAll(work.get(1), results.get(0), results.get(1));
                return lanes;
            }
        };
    }

    private static List<TensorType> gradientWork(LstmGrad op, List<TensorType> types) {
        TensorType columns = types.get(6);
        List<TensorType> work = new ArrayList<>(List.of(step(columns), types.get(0), transposed(types.get(1))));
        if (op.forward().peepholes()) {
            long h = columns.shape().dim(2) / 4;
            work.add(columns.withShape(Shape.shape(columns.shape().dim(0), 3, h)));
        }
        return work;
    }

    static KernelFactory<SimpleRnn> simpleRnn(Workers workers) {
        return new Factory<>((op, types) -> List.of(types.get(2), types.get(2))) {
            @Override
            public HostKernel bind(SimpleRnn op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
                List<Buffer> work = take(op, operands, scratch);
                RecurrentStep step = new SimpleRnnRows(op, operands, results, work.get(0), work.get(1));
                Lanes lanes = new Lanes(workers, step, operands.get(0).type(), true);
                lanes.multiply(work.get(0), Nd4jBuffers.array(operands.get(1)), work.get(1));
                return lanes;
            }
        };
    }

    static KernelFactory<SimpleRnnGrad> simpleRnnGrad(Workers workers) {
        return new Factory<>((op, types) -> List.of(types.get(2), types.get(4), transposed(types.get(1)))) {
            @Override
            public HostKernel bind(SimpleRnnGrad op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
                List<Buffer> work = take(op, operands, scratch);
                RecurrentStep step = new SimpleRnnGradRows(op, operands, results, work.get(0), work.get(1));
                Lanes lanes = new Lanes(workers, step, operands.get(4).type(), false);
                lanes.multiplyTransposed(work.get(0), operands.get(1), work.get(2), results.get(2));
                lanes.multiplyAll(work.get(1), results.get(0), results.get(1));
                return lanes;
            }
        };
    }

    /** One step of {@code columns [n, t, k]}: {@code [n, k]}. */
    private static TensorType step(TensorType columns) {
        return columns.withShape(
                Shape.shape(columns.shape().dim(0), columns.shape().dim(2)));
    }

    private static TensorType transposed(TensorType weights) {
        return weights.withShape(
                Shape.shape(weights.shape().dim(1), weights.shape().dim(0)));
    }

    /** The scratch tensors of an op. */
    private interface Work<O extends Op> {
        List<TensorType> types(O op, List<TensorType> operands);
    }

    private abstract static class Factory<O extends Op> implements KernelFactory<O> {
        private final Work<O> work;

        Factory(Work<O> work) {
            this.work = work;
        }

        @Override
        public boolean accepts(O op, List<TensorType> operands) {
            List<TensorType> types = new ArrayList<>(operands);
            types.addAll(op.resultTypes(operands));
            return operands.get(0).dtype() == DType.FLOAT32
                    && types.stream()
                            .allMatch(type -> type.shape().numElements() > 0 && type.bytes() <= Integer.MAX_VALUE);
        }

        @Override
        public long scratchBytes(O op, List<TensorType> operands) {
            return Scratch.bytesFor(work.types(op, operands));
        }

        List<Buffer> take(O op, List<Buffer> operands, Scratch scratch) {
            return work.types(op, operands.stream().map(Buffer::type).toList()).stream()
                    .map(scratch::take)
                    .toList();
        }
    }

    /** Lanes of samples, each with its own product. */
    private static final class Lanes implements HostKernel {
        private final Workers workers;
        private final RecurrentStep step;
        private final int numSamples;
        private final int numSteps;
        private final boolean forward;
        private final List<HostKernel> first = new ArrayList<>();
        private final List<HostKernel> products = new ArrayList<>();
        private final List<HostKernel> last = new ArrayList<>();

        Lanes(Workers workers, RecurrentStep step, TensorType columns, boolean forward) {
            this.workers = workers;
            this.step = step;
            this.forward = forward;
            numSamples = Math.toIntExact(columns.shape().dim(0));
            numSteps = Math.toIntExact(columns.shape().dim(1));
        }

        /** At each step {@code out = left right}, for the rows of a lane. */
        void multiply(Buffer left, INDArray right, Buffer out) {
            for (int begin = 0; begin < numSamples; begin += LANE_SAMPLES) {
                int count = Math.min(LANE_SAMPLES, numSamples - begin);
                products.add(
                        EinsumKernels.matmul(rows(left, begin, count), right, rows(out, begin, count), false, false));
            }
        }

        /**
         * At each step {@code out = left weights^T}. The weights are transposed before the first step, since thin
         * products with a transposed matrix are slower.
         */
        void multiplyTransposed(Buffer left, Buffer weights, Buffer transposed, Buffer out) {
            INDArray right = Nd4jBuffers.array(transposed);
            first.add(Nd4jKernel.copy(Nd4jBuffers.array(weights).permute(1, 0), right));
            multiply(left, right, out);
        }

        private static INDArray rows(Buffer buffer, long begin, long count) {
            long width = buffer.type().shape().dim(1);
            return Nd4jBuffers.view(buffer, begin * width, new long[] {count, width}, new long[] {width, 1});
        }

        /** After all steps {@code out = left^T right}, over samples and steps. */
        void multiplyAll(Buffer left, Buffer right, Buffer out) {
            long rows = (long) numSamples * numSteps;
            last.add(EinsumKernels.matmul(
                    Nd4jBuffers.array(left, rows, left.type().shape().dim(2)),
                    Nd4jBuffers.array(right, rows, right.type().shape().dim(2)),
                    Nd4jBuffers.array(out),
                    true,
                    false));
        }

        @Override
        public void run() {
            first.forEach(HostKernel::run);
            boolean parallel = workers.numThreads() > 1 && products.size() > 1;
            workers.run(products.size(), lane -> {
                if (parallel) {
                    OpenMp.setThreads(1);
                }
                int begin = lane * LANE_SAMPLES;
                run(products.get(lane), begin, Math.min(numSamples, begin + LANE_SAMPLES));
            });
            if (parallel) {
                OpenMp.setThreads(workers.numThreads());
            }
            step.finish();
            last.forEach(HostKernel::run);
        }

        private void run(HostKernel product, int begin, int end) {
            step.begin(begin, end);
            for (int k = 0; k < numSteps; k++) {
                if (forward) {
                    product.run();
                    step.run(k, begin, end);
                } else {
                    step.run(numSteps - 1 - k, begin, end);
                    product.run();
                }
            }
        }

        @Override
        public void close() {
            first.forEach(HostKernel::close);
            products.forEach(HostKernel::close);
            last.forEach(HostKernel::close);
        }
    }
}
