package dev.tartan.op;

import dev.tartan.graph.Factor;
import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The gradient of {@link Conv2d} with respect to the filters: {@code x [n, in, h, w], dy [n, out, oh, ow] -> dfilters
 * [out, in, kh, kw]}. It is the gradient of {@link ConvTranspose2d} too, whose result then takes the place of x.
 *
 * @param window as large as a filter
 */
public record Conv2dFilterGrad(Window2d window) implements DifferentiableOp, SpatialOp {
    @Override
    public String name() {
        return "conv2d_filter_grad";
    }

    @Override
    public String attributes() {
        return window.toString();
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        Types.count(this, operands, 2);
        Types.sameDType(this, operands);
        TensorType x = operands.get(0);
        TensorType dy = operands.get(1);
        TensorType expected = window.positions(this, x, 1);
        window.checkPositions(this, dy, x.shape().dim(2), x.shape().dim(3));
        Types.check(
                this, dy.shape().dim(0) == expected.shape().dim(0), "needs as many samples in both operands", x, dy);
        return List.of(x.withShape(filters(x, dy)));
    }

    private Shape filters(TensorType x, TensorType dy) {
        return Shape.shape(
                dy.shape().dim(1),
                x.shape().dim(1),
                window.height().size(),
                window.width().size());
    }

    @Override
    public ShardingRule shardingRule(List<TensorType> operands) {
        TensorType x = operands.get(0);
        TensorType dy = operands.get(1);
        ShardingRule.Builder rule = new ShardingRule.Builder()
                .factor("n", x.shape().dim(0), Factor.Kind.REDUCTION)
                .factor("o", dy.shape().dim(1))
                .factor("i", x.shape().dim(1));
        WindowRules.whole(rule, x, 2, "h", "w");
        WindowRules.whole(rule, dy, 2, "oh", "ow");
        return rule.operand(WindowRules.dims("n", "i", "h", "w"))
                .operand(WindowRules.dims("n", "o", "oh", "ow"))
                .result(WindowRules.dims("o", "i", "", ""))
                .linearInEach(0, 1)
                .build();
    }

    @Override
    public long flops(List<TensorType> operands) {
        return Conv2d.flops(
                filters(operands.get(0), operands.get(1)), operands.get(1).shape());
    }

    @Override
    public List<@Nullable Tensor> gradient(
            List<Tensor> operands, List<Tensor> results, List<@Nullable Tensor> resultGradients) {
        Tensor dFilters = resultGradients.get(0);
        if (dFilters == null) {
            return Arrays.asList(null, null);
        }
        Tensor x = operands.get(0);
        ConvTranspose2d transposed =
                new ConvTranspose2d(window, x.shape().dim(2), x.shape().dim(3));
        return List.of(
                operands.get(1).apply(transposed, dFilters).get(0),
                x.apply(new Conv2d(window), dFilters).get(0));
    }

    @Override
    public List<Integer> images() {
        return List.of(0, 1);
    }

    @Override
    public @Nullable List<Tensor> inBlocks(List<Tensor> operands, ImageBlocks blocks) {
        return BlockedWindow.filterGrad(blocks, window, operands, Conv2dFilterGrad::new);
    }
}
