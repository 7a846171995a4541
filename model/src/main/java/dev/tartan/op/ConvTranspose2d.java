package dev.tartan.op;

import dev.tartan.graph.Factor;
import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The transposed convolution: {@code y [n, out, oh, ow], filters [out, in, kh, kw] -> x [n, in, height, width]}. Each
 * element of y adds its multiple of its channel's filter to the window of x that {@link Conv2d} reads for it. So it is
 * the gradient of {@link Conv2d} with respect to the images. It also is the forward op of a deconvolution, whose input
 * channels are called out here: the filters of DL4J's Deconvolution2D are {@code [in, out, kh, kw]} by its own words.
 *
 * <p>Images of several sizes have as many positions when the stride is more than 1, so the size is given.
 *
 * @param window as large as a filter
 * @param height of the result; {@code window.height().fewestElements(oh)} in DL4J's mode Truncate, and {@code stride
 *     oh} with {@link Window#same} of that in mode Same
 * @param width of the result, likewise
 */
public record ConvTranspose2d(Window2d window, long height, long width) implements DifferentiableOp, SpatialOp {
    @Override
    public String name() {
        return "conv_transpose2d";
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
        Conv2d.checkFilters(this, window, filters);
        window.checkPositions(this, y, height, width);
        Types.check(
                this,
                y.shape().dim(1) == filters.shape().dim(0),
                "needs filters with its first operand's channels",
                y,
                filters);
        return List.of(y.withShape(Shape.shape(y.shape().dim(0), filters.shape().dim(1), height, width)));
    }

    @Override
    public ShardingRule shardingRule(List<TensorType> operands) {
        TensorType y = operands.get(0);
        TensorType filters = operands.get(1);
        ShardingRule.Builder rule = new ShardingRule.Builder()
                .factor("n", y.shape().dim(0))
                .factor("o", filters.shape().dim(0), Factor.Kind.REDUCTION)
                .factor("i", filters.shape().dim(1));
        WindowRules.whole(rule, y, 2, "oh", "ow");
        WindowRules.whole(rule, filters, 2, "kh", "kw");
        return rule.operand(WindowRules.dims("n", "o", "oh", "ow"))
                .operand(WindowRules.dims("o", "i", "kh", "kw"))
                .result(WindowRules.dims("n", "i", "", ""))
                .linearInEach(0, 1)
                .build();
    }

    @Override
    public long flops(List<TensorType> operands) {
        return Conv2d.flops(operands.get(1).shape(), operands.get(0).shape());
    }

    @Override
    public List<@Nullable Tensor> gradient(
            List<Tensor> operands, List<Tensor> results, List<@Nullable Tensor> resultGradients) {
        Tensor dx = resultGradients.get(0);
        if (dx == null) {
            return Arrays.asList(null, null);
        }
        return List.of(
                dx.apply(new Conv2d(window), operands.get(1)).get(0),
                dx.apply(new Conv2dFilterGrad(window), operands.get(0)).get(0));
    }

    @Override
    public List<Integer> images() {
        return List.of(0);
    }

    @Override
    public @Nullable List<Tensor> inBlocks(List<Tensor> operands, ImageBlocks blocks) {
        return BlockedWindow.backward(blocks, window, height, width, operands, ConvTranspose2d::new);
    }
}
