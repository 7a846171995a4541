package dev.tartan.backend.cuda;

import static dev.tartan.backend.cuda.CudaSource.POOL;

import dev.tartan.graph.Op;
import dev.tartan.op.AveragePool2d;
import dev.tartan.op.AveragePool2dGrad;
import dev.tartan.op.MaxPool2d;
import dev.tartan.op.MaxPool2dGrad;
import dev.tartan.op.NormPool2d;
import dev.tartan.op.NormPool2dGrad;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;

/** Poolings and their gradients, a thread an element of the result; see {@code pool.cu}. */
final class PoolLaunches {
    private PoolLaunches() {}

    static OpLaunches<MaxPool2d> max() {
        return new Pooling<>((op, operands) -> WindowForm.of(op.window(), operands.get(0))) {
            @Override
            List<Launch> launches(
                    MaxPool2d op, WindowForm form, List<DeviceTensor> operands, DeviceTensor z, long scratch) {
                return List.of(flat("max_pool", z, z, form, operands.get(0)));
            }
        };
    }

    /** Finds where the largest elements are, then lets every element look whether it is one. */
    static OpLaunches<MaxPool2dGrad> maxGrad() {
        return new Pooling<>((op, operands) -> WindowForm.of(op.window(), operands.get(1))) {
            @Override
            public long scratchBytes(MaxPool2dGrad op, List<DeviceTensor> operands) {
                return operands.get(0).count() * CudaType.INT32.bytes();
            }

            @Override
            List<Launch> launches(
                    MaxPool2dGrad op, WindowForm form, List<DeviceTensor> operands, DeviceTensor z, long scratch) {
                DeviceTensor dy = operands.get(0);
                DeviceTensor places = new DeviceTensor(CudaType.INT32, dy.shape(), scratch);
                return List.of(
                        flat("max_pool_places", z, places, form, operands.get(1)),
                        flat("max_pool_grad", z, z, form, dy, places));
            }
        };
    }

    static OpLaunches<AveragePool2d> average() {
        return new Pooling<>((op, operands) -> WindowForm.of(op.window(), operands.get(0))) {
            @Override
            List<Launch> launches(
                    AveragePool2d op, WindowForm form, List<DeviceTensor> operands, DeviceTensor z, long scratch) {
                return List.of(flat(
                        "average_pool", z, arguments(z, form, operands.get(0)).flag(op.countsPadding())));
            }
        };
    }

    static OpLaunches<AveragePool2dGrad> averageGrad() {
        return new Pooling<>((op, operands) -> new WindowForm(op.window(), op.height(), op.width())) {
            @Override
            List<Launch> launches(
                    AveragePool2dGrad op, WindowForm form, List<DeviceTensor> operands, DeviceTensor z, long scratch) {
                return List.of(flat(
                        "average_pool_grad",
                        z,
                        arguments(z, form, operands.get(0)).flag(op.countsPadding())));
            }
        };
    }

    static OpLaunches<NormPool2d> norm() {
        return new Pooling<>((op, operands) -> WindowForm.of(op.window(), operands.get(0))) {
            @Override
            List<Launch> launches(
                    NormPool2d op, WindowForm form, List<DeviceTensor> operands, DeviceTensor z, long scratch) {
                return List.of(
                        flat("norm_pool", z, arguments(z, form, operands.get(0)).float32(op.power())));
            }
        };
    }

    static OpLaunches<NormPool2dGrad> normGrad() {
        return new Pooling<>((op, operands) -> WindowForm.of(op.window(), operands.get(1))) {
            @Override
            List<Launch> launches(
                    NormPool2dGrad op, WindowForm form, List<DeviceTensor> operands, DeviceTensor z, long scratch) {
                KernelArguments.Builder arguments =
                        arguments(z, form, operands.get(0), operands.get(1), operands.get(2));
                return List.of(flat("norm_pool_grad", z, arguments.float32(op.power())));
            }
        };
    }

    /** One of the ops, with what its kernels are told of its window. */
    private abstract static class Pooling<O extends Op> implements OpLaunches<O> {
        private final BiFunction<O, List<DeviceTensor>, WindowForm> form;

        Pooling(BiFunction<O, List<DeviceTensor>, WindowForm> form) {
            this.form = form;
        }

        @Override
        public boolean accepts(O op, List<DeviceTensor> operands) {
            return form.apply(op, operands).isSmall();
        }

        @Override
        public List<Launch> launches(O op, List<DeviceTensor> operands, List<DeviceTensor> results, long scratch) {
            return launches(op, form.apply(op, operands), operands, results.get(0), scratch);
        }

        abstract List<Launch> launches(
                O op, WindowForm form, List<DeviceTensor> operands, DeviceTensor z, long scratch);
    }

    /** The result, the operands, the size of the result and the window. */
    private static KernelArguments.Builder arguments(DeviceTensor z, WindowForm form, DeviceTensor... operands) {
        return KernelArguments.builder()
                .pointers(z)
                .pointers(operands)
                .int64(z.count())
                .struct(form.toBytes());
    }

    private static Launch flat(
            String template, DeviceTensor typed, DeviceTensor z, WindowForm form, DeviceTensor... operands) {
        return Launch.flat(KernelName.of(POOL, template, typed.type()), z.count(), 1, arguments(z, form, operands));
    }

    private static Launch flat(String template, DeviceTensor z, KernelArguments.Builder arguments) {
        return Launch.flat(KernelName.of(POOL, template, z.type()), z.count(), 1, arguments);
    }

    /** All kernels that these launches may name. */
    static List<KernelName> kernels() {
        List<KernelName> all = new ArrayList<>();
        for (CudaType type : CudaType.COMPUTED) {
            for (String template : List.of(
                    "max_pool",
                    "max_pool_places",
                    "max_pool_grad",
                    "average_pool",
                    "average_pool_grad",
                    "norm_pool",
                    "norm_pool_grad")) {
                all.add(KernelName.of(POOL, template, type));
            }
        }
        return all;
    }
}
