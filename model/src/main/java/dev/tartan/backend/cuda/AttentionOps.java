package dev.tartan.backend.cuda;

import dev.tartan.backend.cuda.AttentionKernels.Cores;
import dev.tartan.backend.cuda.AttentionLaunches.Form;
import dev.tartan.backend.cuda.AttentionLaunches.Heads;
import dev.tartan.mesh.Shape;
import dev.tartan.op.Attention;
import dev.tartan.op.AttentionGrad;
import java.util.List;

/** The launches of the ops of attention: causal, as many queries as keys, and dims in the ops' order. */
final class AttentionOps {
    /** Blocks along y and z that a grid may have. */
    private static final long MAX_BLOCKS = 65_535;

    private AttentionOps() {}

    /** Of {@link Attention}: operands q, k, v, results out and logSumExp. */
    static OpLaunches<Attention> attention() {
        return new OpLaunches<>() {
            @Override
            public boolean accepts(Attention op, List<DeviceTensor> operands) {
                return AttentionOps.accepts(operands.get(0));
            }

            @Override
            public List<Launch> launches(
                    Attention op, List<DeviceTensor> operands, List<DeviceTensor> results, long scratch) {
                Form form = form(operands.get(0), op.scale());
                return List.of(AttentionLaunches.forward(
                        form,
                        cores(form),
                        heads(results.get(0)),
                        results.get(1).address(),
                        heads(operands.get(0)),
                        heads(operands.get(1)),
                        heads(operands.get(2))));
            }
        };
    }

    /** Of {@link AttentionGrad}: operands dout, q, k, v, out, logSumExp, results dq, dk, dv. */
    static OpLaunches<AttentionGrad> gradient() {
        return new OpLaunches<>() {
            @Override
            public boolean accepts(AttentionGrad op, List<DeviceTensor> operands) {
                return AttentionOps.accepts(operands.get(1)) && operands.get(5).type() == CudaType.FLOAT32;
            }

            @Override
            public long scratchBytes(AttentionGrad op, List<DeviceTensor> operands) {
                return operands.get(1).rows() * Float.BYTES;
            }

            @Override
            public List<Launch> launches(
                    AttentionGrad op, List<DeviceTensor> operands, List<DeviceTensor> results, long scratch) {
                Form form = form(operands.get(1), op.scale());
                return AttentionLaunches.gradient(
                        form,
                        cores(form),
                        heads(results.get(0)),
                        heads(results.get(1)),
                        heads(results.get(2)),
                        heads(operands.get(0)),
                        heads(operands.get(1)),
                        heads(operands.get(2)),
                        heads(operands.get(3)),
                        heads(operands.get(4)),
                        operands.get(5).address(),
                        scratch);
            }
        };
    }

    private static boolean accepts(DeviceTensor q) {
        Shape shape = q.shape();
        return CudaType.COMPUTED.contains(q.type())
                && q.count() > 0
                && Math.max(shape.dim(0), shape.dim(1)) <= MAX_BLOCKS
                && shape.dim(2) <= Integer.MAX_VALUE - Launch.THREADS
                && shape.dim(3) <= AttentionKernels.MAX_SIZE;
    }

    /** Tensor cores for all that they have kernels for: GPUs that bfloat16 is offered for have them. */
    private static Cores cores(Form form) {
        return form.type() == CudaType.BFLOAT16 && form.size() <= AttentionKernels.MAX_TENSOR_SIZE
                ? Cores.TENSOR
                : Cores.SCALAR;
    }

    private static Form form(DeviceTensor q, double scale) {
        Shape shape = q.shape();
        int heads = (int) shape.dim(1);
        int positions = (int) shape.dim(2);
        return new Form(
                q.type(), (int) shape.dim(0), heads, heads, positions, positions, (int) shape.dim(3), true, scale);
    }

    private static Heads heads(DeviceTensor tensor) {
        Shape shape = tensor.shape();
        long position = shape.dim(3);
        long head = position * shape.dim(2);
        return new Heads(tensor.address(), head * shape.dim(1), head, position);
    }
}
