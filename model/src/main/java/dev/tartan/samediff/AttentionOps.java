package dev.tartan.samediff;

import dev.tartan.mesh.Shape;
import dev.tartan.op.Tensor;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Attention over sequences {@code [n, features, steps]}, and with heads {@code [n, heads, features, steps]}. */
final class AttentionOps {
    /** What is subtracted from the score of a key that a mask leaves out. */
    private static final double MASKED = 1e9;

    private AttentionOps() {}

    static void addTo(Map<String, OpRule> rules) {
        rules.put("dot_product_attention", AttentionOps::attention);
        rules.put("multi_head_dot_product_attention", AttentionOps::multiHead);
    }

    /** Operands: queries, keys, values and, if there is one, a mask of keys {@code [n, steps]}. */
    private static List<Tensor> attention(OpCall call) {
        boolean scaled = call.intAt(0, 0) != 0;
        Tensor mask = call.size() > 3 ? call.in(3) : null;
        return first(call, attention(call.in(0), call.in(1), call.in(2), mask, scaled));
    }

    private static List<Tensor> first(OpCall call, List<Tensor> results) {
        return results.subList(0, call.numResults());
    }

    /** The result {@code [n, features, queries]} and the weights {@code [n, keys, queries]}, with heads if q has. */
    private static List<Tensor> attention(Tensor q, Tensor k, Tensor v, @Nullable Tensor mask, boolean scaled) {
        boolean heads = q.numDims() == 4;
        Tensor scores = k.einsum(heads ? "bhfk,bhfq->bhqk" : "bfk,bfq->bqk", q);
        if (scaled) {
            scores = scores.mul(1 / Math.sqrt(q.shape().dim(-2)));
        }
        if (mask != null) {
            long n = mask.shape().dim(0);
            long keys = mask.shape().dim(1);
            Shape spread = heads ? Shape.shape(n, 1, 1, keys) : Shape.shape(n, 1, keys);
            scores = scores.add(mask.cast(q.dtype()).sub(1).mul(MASKED).reshape(spread));
        }
        Tensor weights = scores.softmax();
        Tensor y = v.einsum(heads ? "bhfk,bhqk->bhfq" : "bfk,bqk->bfq", weights);
        return List.of(y, heads ? weights.transpose(0, 1, 3, 2) : weights.transpose(0, 2, 1));
    }

    /**
     * Operands: queries, keys, values, their weights {@code [heads, projected, features]}, weights of the result
     * {@code [heads projected, out]} and, if there is one, a mask of keys.
     */
    private static List<Tensor> multiHead(OpCall call) {
        Tensor q = projected(call.in(3), call.in(0));
        Tensor k = projected(call.in(4), call.in(1));
        Tensor v = projected(call.in(5), call.in(2));
        Tensor mask = call.size() > 7 ? call.in(7) : null;
        List<Tensor> results = attention(q, k, v, mask, call.intAt(0, 0) != 0);
        long[] dims = results.get(0).shape().dims();
        Tensor joined = results.get(0).reshape(dims[0], dims[1] * dims[2], dims[3]);
        Tensor y = joined.transpose(0, 2, 1).matmul(call.in(6)).transpose(0, 2, 1);
        return first(call, List.of(y, results.get(1)));
    }

    private static Tensor projected(Tensor weights, Tensor x) {
        long[] dims = weights.shape().dims();
        Tensor columns = weights.reshape(dims[0] * dims[1], dims[2]).transpose(1, 0);
        Tensor y = x.transpose(0, 2, 1).matmul(columns).transpose(0, 2, 1);
        return y.reshape(y.shape().dim(0), dims[0], dims[1], y.shape().dim(2));
    }
}
