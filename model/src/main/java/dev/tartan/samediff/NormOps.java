package dev.tartan.samediff;

import dev.tartan.op.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Normalizations. */
final class NormOps {
    /** SameDiff adds nothing to a variance and makes 0 of 0 / 0. This does the same, and is lost in other variances. */
    private static final double EPSILON = 1e-12;

    private NormOps() {}

    static void addTo(Map<String, OpRule> rules) {
        rules.put("layer_norm", NormOps::layerNorm);
        rules.put("standardize", call -> List.of(standardized(call.in(0), call.reducedDims(call.in(0)))));
        rules.put("batchnorm", NormOps::batchNorm);
    }

    private static Tensor standardized(Tensor x, int... dims) {
        Tensor centered = x.sub(ReductionOps.keptMean(x, dims));
        return centered.mul(
                ReductionOps.keptMean(centered.square(), dims).add(EPSILON).rsqrt());
    }

    /** Operands: x, gain and, if there is one, a bias. The gain lies along dim 1 of images, else along the last one. */
    private static List<Tensor> layerNorm(OpCall call) {
        Tensor x = call.in(0);
        Tensor gain = call.in(1);
        int[] dims = OpCall.dims(call.ints(), x.numDims());
        int last = x.numDims() - 1;
        int features = call.flagAt(0, false) ? 1 : last;
        if (dims.length == 1 && dims[0] == last && features == last) {
            Tensor bias = call.size() > 2 ? call.in(2) : gain.filled(0);
            return List.of(x.layerNorm(gain, bias, EPSILON));
        }
        Tensor y = standardized(x, dims).mul(gain.reshape(DenseOps.along(x, features)));
        return List.of(call.size() > 2 ? y.add(call.in(2).reshape(DenseOps.along(x, features))) : y);
    }

    /**
     * Operands: x, mean, variance and, as the first two arguments say, gamma and beta. The other argument is the dim.
     */
    private static List<Tensor> batchNorm(OpCall call) {
        Tensor x = call.in(0);
        boolean hasGamma = call.intAt(0, 0) != 0;
        boolean hasBeta = call.intAt(1, 0) != 0;
        if (call.ints().length > 3) {
            throw call.refused("several dims of features: arguments=" + java.util.Arrays.toString(call.ints()));
        }
        int dim = ShapeOps.dim(call.intAt(2, -1), x.numDims());
        List<Tensor> operands = new ArrayList<>();
        for (int i = 1; i < call.size(); i++) {
            operands.add(call.in(i).reshape(DenseOps.along(x, dim)));
        }
        Tensor y = x.sub(operands.get(0))
                .mul(operands.get(1).add(call.realAt(0, EPSILON)).rsqrt());
        if (hasGamma) {
            y = y.mul(operands.get(2));
        }
        return List.of(hasBeta ? y.add(operands.get(hasGamma ? 3 : 2)) : y);
    }
}
