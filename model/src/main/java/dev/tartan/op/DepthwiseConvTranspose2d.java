package dev.tartan.op;

import dev.tartan.graph.Factor;
import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The gradient of {@link DepthwiseConv2d} with respect to the images: {@code y [n, c m, oh, ow], filters [kh, kw, c, m]
 * -> x [n, c, height, width]}. Each element of y adds its multiple of its filter to the window of x that the
 * convolution reads for it.
 *
 * @param window as large as a filter
 * @param height of the result
 * @param width of the result
 */
public record DepthwiseConvTranspose2d(Window2d window, long height, long width)
        implements DifferentiableOp, SpatialOp {
    @Override
    public String name() {
        return "depthwise_conv_transpose2d";
    }

    @Override
    public String attributes() {
        return window + " to=" + height + "x" + width;
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        Types.count(this, operands, 2);
        TensorType y = operands.get(0);
        TensorType filters = operands.get(1);
        Types.sameDType(this, operands);
        DepthwiseConv2d.checkFilters(this, window, filters);
        window.checkPositions(this, y, height, width);
        long channels = filters.shape().dim(2);
        Types.check(
                this,
                y.shape().dim(1) == channels * filters.shape().dim(3),
                "needs filters with its first operand's channels",
                y,
                filters);
        return List.of(y.withShape(Shape.shape(y.shape().dim(0), channels, height, width)));
    }

    @Override
    public ShardingRule shardingRule(List<TensorType> operands) {
        TensorType y = operands.get(0);
        TensorType filters = operands.get(1);
        ShardingRule.Builder rule = new ShardingRule.Builder()
                .factor("n", y.shape().dim(0))
                .factor("c", filters.shape().dim(2))
                .factor("m", filters.shape().dim(3), Factor.Kind.REDUCTION);
        WindowRules.whole(rule, y, 2, "oh", "ow");
        WindowRules.whole(rule, filters, 0, "kh", "kw");
        return rule.operand(WindowRules.dims("n", "c m", "oh", "ow"))
                .operand(WindowRules.dims("kh", "kw", "c", "m"))
                .result(WindowRules.dims("n", "c", "", ""))
                .linearInEach(0, 1)
                .build();
    }

    @Override
    public long flops(List<TensorType> operands) {
        return DepthwiseConv2d.flops(window, operands.get(0).shape());
    }

    @Override
    public List<@Nullable Tensor> gradient(
            List<Tensor> operands, List<Tensor> results, List<@Nullable Tensor> resultGradients) {
        Tensor dx = resultGradients.get(0);
        if (dx == null) {
            return Arrays.asList(null, null);
        }
        return List.of(
                dx.apply(new DepthwiseConv2d(window), operands.get(1)).get(0),
                dx.apply(new DepthwiseConv2dFilterGrad(window), operands.get(0)).get(0));
    }

    @Override
    public List<Integer> images() {
        return List.of(0);
    }

    @Override
    public @Nullable List<Tensor> inBlocks(List<Tensor> operands, ImageBlocks blocks) {
        return BlockedWindow.backward(blocks, window, height, width, operands, DepthwiseConvTranspose2d::new);
    }
}
