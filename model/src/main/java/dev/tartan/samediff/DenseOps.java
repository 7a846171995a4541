package dev.tartan.samediff;

import dev.tartan.mesh.Shape;
import dev.tartan.op.Tensor;
import java.util.List;
import java.util.Map;

/** Dense layers, biases and softmax. */
final class DenseOps {
    private DenseOps() {}

    static void addTo(Map<String, OpRule> rules) {
        rules.put("xw_plus_b", call -> List.of(linear(call)));
        rules.put("relu_layer", call -> List.of(linear(call).relu()));
        rules.put("biasadd", DenseOps::biasAdd);
        rules.put("softmax", call -> List.of(softmax(call.in(0), dim(call))));
        rules.put("log_softmax", call -> List.of(logSoftmax(call.in(0), dim(call))));
    }

    private static int dim(OpCall call) {
        return ShapeOps.dim(call.intAt(0, -1), call.in(0).numDims());
    }

    /** Operands: x, weights {@code [in, out]}, a bias. Arguments may say which are transposed. */
    private static Tensor linear(OpCall call) {
        for (int i = 0; i < call.ints().length; i++) {
            if (call.intAt(i, 0) != 0) {
                throw call.refused("a transposed operand: arguments=" + java.util.Arrays.toString(call.ints()));
            }
        }
        return call.in(0).matmul(call.in(1)).add(call.in(2));
    }

    private static List<Tensor> biasAdd(OpCall call) {
        Tensor x = call.in(0);
        Tensor bias = call.in(1);
        return List.of(x.add(call.flagAt(0, false) ? bias.reshape(along(x, 1)) : bias));
    }

    /** The shape in which a vector of the size of a dim broadcasts to {@code x} along it. */
    static Shape along(Tensor x, int dim) {
        long[] dims = new long[x.numDims()];
        for (int i = 0; i < dims.length; i++) {
            dims[i] = i == dim ? x.shape().dim(i) : 1;
        }
        return Shape.shape(dims);
    }

    static Tensor softmax(Tensor x, int dim) {
        return dim == x.numDims() - 1 ? x.softmax() : logSoftmax(x, dim).exp();
    }

    static Tensor logSoftmax(Tensor x, int dim) {
        Tensor shifted = x.sub(x.max(dim, true).stopGradient());
        return shifted.sub(shifted.exp().sum(dim, true).log());
    }
}
