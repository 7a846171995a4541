package dev.tartan.op;

import dev.tartan.graph.Factor;
import dev.tartan.graph.Op;
import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The cross-correlation of images with filters: {@code x [n, in, h, w], filters [out, in, kh, kw] -> y [n, out, oh,
 * ow]}, where {@code y[n, o, p, q]} is the sum over i, a, b of {@code x[n, i, p stride - low + a dilation, q stride -
 * low + b dilation] filters[o, i, a, b]}, and elements of the padding are 0. There is no bias; add one.
 *
 * <p>It may be split over samples, over output channels, and over input channels, where the result is a sum over
 * devices; and over height and width, where devices exchange halos, see {@link SpatialOp}.
 *
 * @param window as large as a filter
 */
public record Conv2d(Window2d window) implements DifferentiableOp, SpatialOp {
    @Override
    public String name() {
        return "conv2d";
    }

    @Override
    public String attributes() {
        return window.toString();
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        Types.count(this, operands, 2);
        TensorType x = operands.get(0);
        TensorType filters = operands.get(1);
        Types.sameDType(this, operands);
        checkFilters(this, window, filters);
        TensorType y = window.positions(this, x, filters.shape().dim(0));
        Types.check(
                this,
                x.shape().dim(1) == filters.shape().dim(1),
                "needs filters with the images' channels",
                x,
                filters);
        return List.of(y);
    }

    @Override
    public ShardingRule shardingRule(List<TensorType> operands) {
        TensorType x = operands.get(0);
        TensorType filters = operands.get(1);
        ShardingRule.Builder rule = new ShardingRule.Builder()
                .factor("n", x.shape().dim(0))
                .factor("o", filters.shape().dim(0))
                .factor("i", filters.shape().dim(1), Factor.Kind.REDUCTION);
        WindowRules.whole(rule, x, 2, "h", "w");
        WindowRules.whole(rule, filters, 2, "kh", "kw");
        return rule.operand(WindowRules.dims("n", "i", "h", "w"))
                .operand(WindowRules.dims("o", "i", "kh", "kw"))
                .result(WindowRules.dims("n", "o", "", ""))
                .linearInEach(0, 1)
                .build();
    }

    static void checkFilters(Op op, Window2d window, TensorType filters) {
        Types.check(
                op,
                filters.numDims() == 4
                        && filters.shape().dim(2) == window.height().size()
                        && filters.shape().dim(3) == window.width().size(),
                "needs filters [out, in, height, width] as large as its window",
                filters);
    }

    /** A product and a sum for each element of a filter at each position of each output channel. */
    static long flops(Shape filters, Shape positions) {
        // As a double, which is exact up to 2^53, because the product of the sizes may overflow a long.
        double sums = (double) positions.numElements();
        return (long) (2 * sums * filters.dim(1) * filters.dim(2) * filters.dim(3));
    }

    @Override
    public long flops(List<TensorType> operands) {
        return flops(operands.get(1).shape(), resultTypes(operands).get(0).shape());
    }

    @Override
    public List<@Nullable Tensor> gradient(
            List<Tensor> operands, List<Tensor> results, List<@Nullable Tensor> resultGradients) {
        Tensor dy = resultGradients.get(0);
        if (dy == null) {
            return Arrays.asList(null, null);
        }
        Tensor x = operands.get(0);
        ConvTranspose2d transposed =
                new ConvTranspose2d(window, x.shape().dim(2), x.shape().dim(3));
        return List.of(
                dy.apply(transposed, operands.get(1)).get(0),
                x.apply(new Conv2dFilterGrad(window), dy).get(0));
    }

    @Override
    public List<Integer> images() {
        return List.of(0);
    }

    @Override
    public @Nullable List<Tensor> inBlocks(List<Tensor> operands, ImageBlocks blocks) {
        return BlockedWindow.forward(blocks, window, operands, 0, Conv2d::new);
    }
}
