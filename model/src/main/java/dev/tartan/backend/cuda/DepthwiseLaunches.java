package dev.tartan.backend.cuda;

import static dev.tartan.backend.cuda.CudaSource.CONVOLUTION;

import dev.tartan.backend.cuda.Launch.Extent;
import dev.tartan.op.DepthwiseConv2d;
import dev.tartan.op.DepthwiseConv2dFilterGrad;
import dev.tartan.op.DepthwiseConvTranspose2d;
import java.util.ArrayList;
import java.util.List;

/** Depthwise convolutions, which have too few sums an element for products of matrices; see {@code convolution.cu}. */
final class DepthwiseLaunches {
    private DepthwiseLaunches() {}

    /** Of {@link DepthwiseConv2d}: operands x, filters. */
    static OpLaunches<DepthwiseConv2d> forward() {
        return new OpLaunches<>() {
            @Override
            public boolean accepts(DepthwiseConv2d op, List<DeviceTensor> operands) {
                DeviceTensor filters = operands.get(1);
                return areSmall(WindowForm.of(op.window(), operands.get(0)), operands.get(0), filters.count());
            }

            @Override
            public List<Launch> launches(
                    DepthwiseConv2d op, List<DeviceTensor> operands, List<DeviceTensor> results, long scratch) {
                WindowForm form = WindowForm.of(op.window(), operands.get(0));
                return elements("depthwise", results.get(0), operands, form);
            }
        };
    }

    /** Of {@link DepthwiseConvTranspose2d}: operands y, filters. */
    static OpLaunches<DepthwiseConvTranspose2d> transposed() {
        return new OpLaunches<>() {
            @Override
            public boolean accepts(DepthwiseConvTranspose2d op, List<DeviceTensor> operands) {
                DeviceTensor filters = operands.get(1);
                return areSmall(form(op), operands.get(0), filters.count());
            }

            @Override
            public List<Launch> launches(
                    DepthwiseConvTranspose2d op,
                    List<DeviceTensor> operands,
                    List<DeviceTensor> results,
                    long scratch) {
                return elements("depthwise_images", results.get(0), operands, form(op));
            }

            private static WindowForm form(DepthwiseConvTranspose2d op) {
                return new WindowForm(op.window(), op.height(), op.width());
            }
        };
    }

    /** Of {@link DepthwiseConv2dFilterGrad}: operands x, dy. */
    static OpLaunches<DepthwiseConv2dFilterGrad> filterGrad() {
        return new OpLaunches<>() {
            @Override
            public boolean accepts(DepthwiseConv2dFilterGrad op, List<DeviceTensor> operands) {
                WindowForm form = WindowForm.of(op.window(), operands.get(0));
                long outputs = operands.get(1).shape().dim(1);
                return areSmall(form, operands.get(0), form.taps() * outputs);
            }

            @Override
            public List<Launch> launches(
                    DepthwiseConv2dFilterGrad op,
                    List<DeviceTensor> operands,
                    List<DeviceTensor> results,
                    long scratch) {
                DeviceTensor filters = results.get(0);
                DeviceTensor x = operands.get(0);
                WindowForm form = WindowForm.of(op.window(), x);
                long samples = x.shape().dim(0);
                long warps = Launch.ceilDiv(Math.max(1, samples * form.positions()), Launch.WARP);
                return List.of(new Launch(
                        KernelName.of(CONVOLUTION, "depthwise_filters", x.type()),
                        new Extent(Math.toIntExact(filters.count())),
                        new Extent((int) Math.min(Launch.THREADS, warps * Launch.WARP)),
                        0,
                        KernelArguments.builder()
                                .pointers(filters, x, operands.get(1))
                                .int32(Math.toIntExact(samples))
                                .int32(Math.toIntExact(filters.shape().dim(2)))
                                .int32(Math.toIntExact(filters.shape().dim(3)))
                                .struct(form.toBytes())
                                .build()));
            }
        };
    }

    /** Whether the kernels' 32 bits are enough. */
    private static boolean areSmall(WindowForm form, DeviceTensor images, long filters) {
        return form.isSmall() && images.shape().dim(0) <= Integer.MAX_VALUE && filters <= Integer.MAX_VALUE;
    }

    /** A thread an element of the result; the second operand is the filters. */
    private static List<Launch> elements(
            String template, DeviceTensor z, List<DeviceTensor> operands, WindowForm form) {
        DeviceTensor filters = operands.get(1);
        return List.of(Launch.flat(
                KernelName.of(CONVOLUTION, template, z.type()),
                z.count(),
                1,
                KernelArguments.builder()
                        .pointers(z, operands.get(0), filters)
                        .int64(z.count())
                        .int32(Math.toIntExact(filters.shape().dim(2)))
                        .int32(Math.toIntExact(filters.shape().dim(3)))
                        .struct(form.toBytes())));
    }

    /** All kernels that these launches may name. */
    static List<KernelName> kernels() {
        List<KernelName> all = new ArrayList<>();
        for (CudaType type : CudaType.COMPUTED) {
            for (String template : List.of("depthwise", "depthwise_images", "depthwise_filters")) {
                all.add(KernelName.of(CONVOLUTION, template, type));
            }
        }
        return all;
    }
}
