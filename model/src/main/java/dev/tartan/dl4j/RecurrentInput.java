package dev.tartan.dl4j;

import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import dev.tartan.network.Param;
import dev.tartan.op.Fill;
import dev.tartan.op.Tensor;
import java.util.List;
import org.deeplearning4j.nn.conf.layers.BaseRecurrentLayer;
import org.deeplearning4j.nn.weights.IWeightInit;
import org.jspecify.annotations.Nullable;

/** What recurrent layers compute before and beside their recurrence. */
final class RecurrentInput {
    private RecurrentInput() {}

    /** {@code x [n, in, steps] -> x W + b [n, steps, columns]}. */
    static Tensor projected(Tensor x, Param weight, Param bias) {
        return StepLayouts.stepsFirst(x).matmul(weight).add(bias);
    }

    /** How recurrent weights begin. */
    static @Nullable IWeightInit recurrentInit(BaseRecurrentLayer layer) {
        return layer.getWeightInitFnRecurrent() == null ? layer.getWeightInitFn() : layer.getWeightInitFnRecurrent();
    }

    /** Zeros {@code [n, units]}. */
    static Tensor zeroState(Tensor x, long units) {
        TensorType type = x.type().withShape(Shape.shape(x.shape().dim(0), units));
        return Tensor.of(
                x.graph(), x.graph().apply(new Fill(type, 0), List.of()).get(0));
    }

    /** Which steps count. */
    static Tensor counted(Tensor mask) {
        return mask.notEqualTo(mask.scalar(0));
    }
}
