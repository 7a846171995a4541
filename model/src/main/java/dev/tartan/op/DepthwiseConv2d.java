package dev.tartan.op;

import dev.tartan.graph.Op;
import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A cross-correlation of each channel of images with filters of its own: {@code x [n, c, h, w], filters [kh, kw, c, m]
 * -> y [n, c m, oh, ow]}. Output channel {@code c0 m + m0} is channel c0 correlated with {@code filters[:, :, c0, m0]},
 * by the formula of {@link Conv2d}. The order of the filters' dims is that of DL4J's DepthwiseConvolution2D.
 *
 * <p>It may be split over samples and over channels; over the multiplier m only where the channels are wholly split;
 * over height and width as {@link Conv2d} is.
 *
 * @param window as large as a filter
 */
public record DepthwiseConv2d(Window2d window) implements DifferentiableOp, SpatialOp {
    @Override
    public String name() {
        return "depthwise_conv2d";
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
        TensorType y = window.positions(
                this, x, filters.shape().dim(2) * filters.shape().dim(3));
        Types.check(
                this,
                x.shape().dim(1) == filters.shape().dim(2),
                "needs filters with the images' channels",
                x,
                filters);
        return List.of(y);
    }

    static void checkFilters(Op op, Window2d window, TensorType filters) {
        Types.check(
                op,
                filters.numDims() == 4
                        && filters.shape().dim(0) == window.height().size()
                        && filters.shape().dim(1) == window.width().size(),
                "needs filters [height, width, channels, multiplier] as large as its window",
                filters);
    }

    @Override
    public ShardingRule shardingRule(List<TensorType> operands) {
        TensorType x = operands.get(0);
        TensorType filters = operands.get(1);
        ShardingRule.Builder rule = new ShardingRule.Builder()
                .factor("n", x.shape().dim(0))
                .factor("c", filters.shape().dim(2))
                .factor("m", filters.shape().dim(3));
        WindowRules.whole(rule, x, 2, "h", "w");
        WindowRules.whole(rule, filters, 0, "kh", "kw");
        return rule.operand(WindowRules.dims("n", "c", "h", "w"))
                .operand(WindowRules.dims("kh", "kw", "c", "m"))
                .result(WindowRules.dims("n", "c m", "", ""))
                .linearInEach(0, 1)
                .build();
    }

    /** A product and a sum for each element of a filter at each position of each output channel. */
    static long flops(Window2d window, Shape positions) {
        return 2L * window.numElements() * positions.numElements();
    }

    @Override
    public long flops(List<TensorType> operands) {
        return flops(window, resultTypes(operands).get(0).shape());
    }

    @Override
    public List<@Nullable Tensor> gradient(
            List<Tensor> operands, List<Tensor> results, List<@Nullable Tensor> resultGradients) {
        Tensor dy = resultGradients.get(0);
        if (dy == null) {
            return Arrays.asList(null, null);
        }
        Tensor x = operands.get(0);
        DepthwiseConvTranspose2d transposed =
                new DepthwiseConvTranspose2d(window, x.shape().dim(2), x.shape().dim(3));
        return List.of(
                dy.apply(transposed, operands.get(1)).get(0),
                x.apply(new DepthwiseConv2dFilterGrad(window), dy).get(0));
    }

    @Override
    public List<Integer> images() {
        return List.of(0);
    }

    @Override
    public @Nullable List<Tensor> inBlocks(List<Tensor> operands, ImageBlocks blocks) {
        return BlockedWindow.forward(blocks, window, operands, 0, DepthwiseConv2d::new);
    }
}
