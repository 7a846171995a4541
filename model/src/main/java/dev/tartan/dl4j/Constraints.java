package dev.tartan.dl4j;

import dev.tartan.network.Param;
import dev.tartan.op.Tensor;
import java.util.Arrays;
import org.deeplearning4j.nn.api.layers.LayerConstraint;
import org.deeplearning4j.nn.conf.constraint.BaseConstraint;
import org.deeplearning4j.nn.conf.constraint.MaxNormConstraint;
import org.deeplearning4j.nn.conf.constraint.MinMaxNormConstraint;
import org.deeplearning4j.nn.conf.constraint.NonNegativeConstraint;
import org.deeplearning4j.nn.conf.constraint.UnitNormConstraint;

/** DL4J's constraints on parameters, applied after each update; DL4J applies each of them twice, and so is it here. */
final class Constraints {
    private Constraints() {}

    /** Whether {@link #apply} knows the constraint. */
    static boolean isKnown(LayerConstraint constraint) {
        return constraint instanceof NonNegativeConstraint
                || constraint instanceof MaxNormConstraint
                || constraint instanceof MinMaxNormConstraint
                || constraint instanceof UnitNormConstraint;
    }

    /**
     * The value under the constraint.
     *
     * @param declared the parameter, of as many dims as the value
     * @param times how often
     */
    static Tensor apply(LayerConstraint constraint, Param declared, Tensor value, int times) {
        Tensor constrained = value;
        for (int i = 0; i < times; i++) {
            constrained = apply(constraint, declared, constrained);
        }
        return constrained;
    }

    private static Tensor apply(LayerConstraint constraint, Param declared, Tensor value) {
        if (constraint instanceof NonNegativeConstraint) {
            return value.max(0);
        }
        BaseConstraint base = (BaseConstraint) constraint;
        Tensor norm = norm(base, declared, value);
        if (constraint instanceof MaxNormConstraint c) {
            return value.mul(norm.min(c.getMaxNorm()).div(norm.add(c.getEpsilon())));
        } else if (constraint instanceof MinMaxNormConstraint c) {
            Tensor divisor = norm.add(c.getEpsilon());
            Tensor scale = norm.max(c.getMin()).min(c.getMax()).div(divisor);
            if (c.getRate() != 1) {
                scale = scale.mul(c.getRate()).add(divisor.mul(1 - c.getRate()));
            }
            return value.mul(scale);
        }
        // Where a parameter is kept with padding, that stays 0.
        return value.div(Tensor.select(norm.greaterThan(0), norm, norm.filled(1)));
    }

    private static Tensor norm(BaseConstraint constraint, Param declared, Tensor value) {
        int numDims = declared.shape().numDims();
        if (value.numDims() != numDims) {
            throw new IllegalArgumentException("constraint needs a parameter as it is declared, and ZeRO keeps it in"
                    + " another shape: parameter=" + declared.name() + ", shape=" + declared.shape() + ", kept="
                    + value.shape() + ", constraint=" + constraint.getClass().getSimpleName()
                    + ". Use zero stage 0 for this network.");
        }
        // DL4J's biases are rows, [1, n].
        boolean isRow = numDims == 1;
        int[] dims = Arrays.stream(constraint.getDimensions())
                .map(dim -> isRow ? dim - 1 : dim)
                .filter(dim -> dim >= 0)
                .toArray();
        Tensor squares = value.square();
        for (int dim : dims) {
            squares = squares.sum(dim, true);
        }
        return squares.sqrt().broadcastTo(value.shape());
    }
}
