package dev.tartan.backend.nd4j;

import dev.tartan.backend.host.HostKernel;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.CustomOp;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.api.ops.Op;
import org.nd4j.linalg.api.ops.OpContext;
import org.nd4j.linalg.api.ops.executioner.OpExecutioner;
import org.nd4j.linalg.factory.Nd4j;

/**
 * One ND4J op with a context built once. The context stays reachable for as long as the kernel, because ND4J frees the
 * native part of a context that is collected.
 */
final class Nd4jKernel implements HostKernel {
    private final OpExecutioner executioner;
    private final OpContext context;
    private final Runnable call;

    private Nd4jKernel(OpExecutioner executioner, OpContext context, Runnable call) {
        this.executioner = executioner;
        this.context = context;
        this.call = call;
    }

    /** One of ND4J's custom ops, by name. */
    static HostKernel custom(String name, List<INDArray> inputs, List<INDArray> outputs) {
        return custom(name, inputs, outputs, new double[0], new long[0]);
    }

    /** One of ND4J's custom ops with floating-point and integer arguments. */
    static HostKernel custom(
            String name, List<INDArray> inputs, List<INDArray> outputs, double[] numbers, long[] integers) {
        return custom(name, inputs, outputs, numbers, integers, new boolean[0]);
    }

    /** One of ND4J's custom ops with arguments of all kinds. */
    static HostKernel custom(
            String name,
            List<INDArray> inputs,
            List<INDArray> outputs,
            double[] numbers,
            long[] integers,
            boolean[] flags) {
        OpContext context = context(Nd4j.getExecutioner(), inputs, outputs);
        context.setTArguments(numbers);
        context.setIArguments(integers);
        context.setBArguments(flags);
        return of(name, context);
    }

    /** One of ND4J's custom ops that takes the sizes of its outputs as they are, and does not work them out itself. */
    static HostKernel sized(String name, List<INDArray> inputs, List<INDArray> outputs, long[] integers) {
        OpContext context = context(Nd4j.getExecutioner(), inputs, outputs);
        context.setIArguments(integers);
        context.shapeFunctionOverride(true);
        return of(name, context);
    }

    /** One of ND4J's custom ops by its own loops, not by another library's: oneDNN's poolings ignore dilation. */
    static HostKernel plain(String name, List<INDArray> inputs, List<INDArray> outputs, long[] integers) {
        OpContext context = context(Nd4j.getExecutioner(), inputs, outputs);
        context.setIArguments(integers);
        context.allowHelpers(false);
        return of(name, context);
    }

    private static HostKernel of(String name, OpContext context) {
        CustomOp op = DynamicCustomOp.builder(name).build();
        OpExecutioner executioner = Nd4j.getExecutioner();
        return new Nd4jKernel(executioner, context, () -> executioner.exec(op, context));
    }

    /** One of ND4J's older ops, which have classes of their own. */
    static HostKernel legacy(Op op, INDArray input, INDArray output) {
        OpExecutioner executioner = Nd4j.getExecutioner();
        OpContext context = context(executioner, List.of(input), List.of(output));
        return new Nd4jKernel(executioner, context, () -> executioner.exec(op, context));
    }

    /** Copies elements between views of one shape, or repeats those of {@code from} along its missing dims. */
    static HostKernel copy(INDArray from, INDArray to) {
        return custom("assign", List.of(to, from), List.of(to));
    }

    private static OpContext context(OpExecutioner executioner, List<INDArray> inputs, List<INDArray> outputs) {
        OpContext context = executioner.buildContext();
        for (int i = 0; i < inputs.size(); i++) {
            context.setInputArray(i, inputs.get(i));
        }
        for (int i = 0; i < outputs.size(); i++) {
            context.setOutputArray(i, outputs.get(i));
        }
        return context;
    }

    @Override
    public void run() {
        call.run();
        if (executioner.type() == OpExecutioner.ExecutionerType.CUDA) {
            executioner.commit();
        }
    }

    @Override
    public void close() {
        try {
            context.close();
        } catch (Exception e) {
            throw new IllegalStateException("ND4J context cannot be freed: " + e.getMessage(), e);
        }
    }
}
