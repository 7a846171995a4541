package dev.tartan.backend.cuda;

import static dev.tartan.backend.cuda.CudaSource.SOFTMAX;

import dev.tartan.op.CrossEntropy;
import dev.tartan.op.CrossEntropyGrad;
import dev.tartan.op.Softmax;
import dev.tartan.op.SoftmaxGrad;
import java.util.ArrayList;
import java.util.List;

/** Softmax, cross-entropy and their gradients; see {@code softmax.cu}. */
final class SoftmaxLaunches {
    private SoftmaxLaunches() {}

    static List<Launch> softmax(Softmax op, List<DeviceTensor> operands, List<DeviceTensor> results, long scratch) {
        DeviceTensor x = operands.get(0);
        return List.of(rows(
                KernelName.of(SOFTMAX, "softmax", x.type()),
                x,
                KernelArguments.builder()
                        .pointers(results.get(0), x)
                        .int64(x.rows())
                        .int64(x.width())));
    }

    static List<Launch> softmaxGrad(
            SoftmaxGrad op, List<DeviceTensor> operands, List<DeviceTensor> results, long scratch) {
        DeviceTensor y = operands.get(0);
        return List.of(rows(
                KernelName.of(SOFTMAX, "softmax_grad", y.type()),
                y,
                KernelArguments.builder()
                        .pointers(results.get(0), y, operands.get(1))
                        .int64(y.rows())
                        .int64(y.width())));
    }

    static List<Launch> crossEntropy(
            CrossEntropy op, List<DeviceTensor> operands, List<DeviceTensor> results, long scratch) {
        DeviceTensor logits = operands.get(0);
        return List.of(rows(
                KernelName.of(
                        SOFTMAX, "cross_entropy", logits.type(), results.get(0).type()),
                logits,
                KernelArguments.builder()
                        .pointers(results.get(0), results.get(1), logits, operands.get(1))
                        .int64(logits.rows())
                        .int64(logits.width())));
    }

    static List<Launch> crossEntropyGrad(
            CrossEntropyGrad op, List<DeviceTensor> operands, List<DeviceTensor> results, long scratch) {
        DeviceTensor logits = operands.get(1);
        return List.of(rows(
                KernelName.of(
                        SOFTMAX,
                        "cross_entropy_grad",
                        logits.type(),
                        operands.get(0).type()),
                logits,
                KernelArguments.builder()
                        .pointers(results.get(0), operands.get(0), logits, operands.get(2), operands.get(3))
                        .int64(logits.rows())
                        .int64(logits.width())
                        .int64(op.offset().start())));
    }

    private static Launch rows(KernelName kernel, DeviceTensor x, KernelArguments.Builder arguments) {
        Rows rows = Rows.of(x.type(), x.width());
        return new Launch(kernel, rows.grid(x.rows()), rows.block(), 0, arguments.build());
    }

    /** All kernels that these launches may name. */
    static List<KernelName> kernels() {
        List<KernelName> all = new ArrayList<>();
        for (CudaType type : CudaType.COMPUTED) {
            all.add(KernelName.of(SOFTMAX, "softmax", type));
            all.add(KernelName.of(SOFTMAX, "softmax_grad", type));
            for (CudaType kept : List.of(CudaType.FLOAT32, type)) {
                all.add(KernelName.of(SOFTMAX, "cross_entropy", type, kept));
                all.add(KernelName.of(SOFTMAX, "cross_entropy_grad", type, kept));
            }
        }
        return all;
    }
}
