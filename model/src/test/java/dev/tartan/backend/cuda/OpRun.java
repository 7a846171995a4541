package dev.tartan.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.graph.Op;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import dev.tartan.op.Attention;
import dev.tartan.op.Lstm;
import dev.tartan.op.LstmGrad;
import dev.tartan.op.SimpleRnn;
import dev.tartan.op.SimpleRnnGrad;
import dev.tartan.op.reference.HostTensor;
import dev.tartan.op.reference.ReferenceInterpreter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.BiFunction;

/** An op with operands in guarded memory, run by launches any number of times. */
final class OpRun implements AutoCloseable {
    private final Op op;
    private final List<HostTensor> inputs;
    private final List<HostTensor> truth;
    private final List<GuardedArray> operands = new ArrayList<>();
    private final List<GuardedArray> results = new ArrayList<>();
    private final List<Boolean> shared = new ArrayList<>();
    private final GuardedArray scratch;
    private List<? extends Step> steps;

    /** As the other constructor, with all operands of float64 held in {@code type}. */
    OpRun(Op op, List<HostTensor> tensors, CudaType type, int shift, int inPlace) {
        this(op, tensors, Collections.nCopies(tensors.size(), type), type, shift, inPlace);
    }

    /**
     * Places tensors in memory.
     *
     * @param types what operands of float64 are held in
     * @param type what results of float64 are held in
     * @param shift elements by which all tensors begin after a multiple of 64 bytes
     * @param inPlace operand whose memory the first result takes, or -1
     */
    OpRun(Op op, List<HostTensor> tensors, List<CudaType> types, CudaType type, int shift, int inPlace) {
        this(op, tensors, types, type, shift, inPlace, CudaOps::find);
    }

    /** As the other constructor, with other launches than the table's. */
    OpRun(
            Op op,
            List<HostTensor> tensors,
            List<CudaType> types,
            CudaType type,
            int shift,
            int inPlace,
            BiFunction<Op, List<DeviceTensor>, OpLaunches<Op>> makers) {
        this.op = op;
        inputs = new ArrayList<>();
        for (int i = 0; i < tensors.size(); i++) {
            HostTensor tensor = tensors.get(i);
            CudaType held = typeOf(tensor.type(), types.get(i));
            inputs.add(new HostTensor(
                    tensor.type(),
                    Arrays.stream(tensor.data())
                            .map(value -> Inputs.round(held, value))
                            .toArray()));
        }
        truth = ReferenceInterpreter.run(op, inputs);
        List<DeviceTensor> operandTensors = new ArrayList<>();
        for (HostTensor input : inputs) {
            CudaType held = typeOf(input.type(), types.get(operands.size()));
            GuardedArray array = GuardedArray.shifted(held, shift, input.data());
            operands.add(array);
            operandTensors.add(tensor(array, input.shape()));
        }
        List<DeviceTensor> resultTensors = new ArrayList<>();
        for (HostTensor result : truth) {
            boolean takes = inPlace >= 0 && results.isEmpty();
            GuardedArray array = takes
                    ? operands.get(inPlace)
                    : GuardedArray.emptyShifted(
                            typeOf(result.type(), isAlwaysWide(op, results.size()) ? CudaType.FLOAT32 : type),
                            shift,
                            result.data().length);
            results.add(array);
            shared.add(takes);
            resultTensors.add(tensor(array, result.shape()));
        }
        OpLaunches<Op> maker = makers.apply(op, operandTensors);
        assertThat(maker).as("launches of %s", op).isNotNull();
        int scratchBytes = Math.toIntExact(maker.scratchBytes(op, operandTensors));
        scratch = GuardedArray.empty(CudaType.BOOL, scratchBytes);
        steps = maker.launches(op, operandTensors, resultTensors, scratch.address());
    }

    /** Whether a result is float32 even if the others are held in bfloat16. */
    private static boolean isAlwaysWide(Op op, int result) {
        return op instanceof Attention && result == 1;
    }

    /** Whether there are kernels for operands of these types. */
    static boolean isSupported(Op op, List<HostTensor> tensors, CudaType type) {
        return CudaOps.find(
                        op,
                        tensors.stream()
                                .map(t -> new DeviceTensor(typeOf(t.type(), type), t.shape(), 0))
                                .toList())
                != null;
    }

    /** How often a number may be rounded to the type it is held in: what a step hands on to the next one is. */
    long roundings() {
        boolean isRecurrent =
                op instanceof Lstm || op instanceof LstmGrad || op instanceof SimpleRnn || op instanceof SimpleRnnGrad;
        return isRecurrent ? inputs.get(0).shape().dim(1) : 1;
    }

    /** What the op does but for products of matrices. */
    List<Launch> launches() {
        return steps.stream()
                .filter(Launch.class::isInstance)
                .map(Launch.class::cast)
                .toList();
    }

    /** How many products of matrices the op does. */
    long numProducts() {
        return (long) steps.size() - launches().size();
    }

    CudaType resultType(int index) {
        return results.get(index).type();
    }

    /** Makes blocks do in turn what others would do along z, so that they use their shared memory again. */
    void useOneBlockInZ() {
        steps = launches().stream()
                .map(launch -> new Launch(
                        launch.kernel(),
                        new Launch.Extent(launch.grid().x(), launch.grid().y()),
                        launch.block(),
                        launch.sharedBytes(),
                        launch.arguments()))
                .toList();
    }

    /** The true results, in double precision from the rounded operands. */
    List<HostTensor> truth() {
        return truth;
    }

    /** The results, after a run in an order of threads that {@code seed} draws. */
    List<double[]> run(long seed) {
        reset();
        for (Step step : steps) {
            if (step instanceof BoundProduct bound) {
                HostProducts.run(bound);
            } else {
                HostCuda.run((Launch) step, seed);
            }
        }
        return read();
    }

    /** As {@link #run}, but gives what it finds even if a launch failed; null then. */
    List<double[]> tryRun(long seed) {
        reset();
        for (Launch launch : launches()) {
            if (!HostCuda.tryRun(launch, seed).isEmpty()) {
                return null;
            }
        }
        return read();
    }

    private void reset() {
        for (int i = 0; i < operands.size(); i++) {
            operands.get(i).write(inputs.get(i).data());
        }
        for (int i = 0; i < results.size(); i++) {
            if (!shared.get(i)) {
                results.get(i).clear();
            }
        }
        scratch.clear();
    }

    private List<double[]> read() {
        scratch.read();
        operands.forEach(GuardedArray::read);
        return results.stream().map(GuardedArray::read).toList();
    }

    private static DeviceTensor tensor(GuardedArray array, Shape shape) {
        return new DeviceTensor(array.type(), shape, array.address());
    }

    private static CudaType typeOf(TensorType tensor, CudaType type) {
        return switch (tensor.dtype()) {
            case FLOAT64 -> type;
            case FLOAT32 -> CudaType.FLOAT32;
            case BFLOAT16 -> CudaType.BFLOAT16;
            case FLOAT16 -> CudaType.FLOAT16;
            case INT32 -> CudaType.INT32;
            case BOOL -> CudaType.BOOL;
        };
    }

    @Override
    public String toString() {
        return op + " on " + inputs.stream().map(HostTensor::type).toList() + " in "
                + operands.stream().map(GuardedArray::type).toList();
    }

    @Override
    public void close() {
        operands.forEach(GuardedArray::close);
        results.forEach(GuardedArray::close);
        scratch.close();
    }
}
