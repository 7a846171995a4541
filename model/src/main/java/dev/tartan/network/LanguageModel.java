package dev.tartan.network;

import static dev.tartan.mesh.Shape.shape;

import dev.tartan.graph.DType;
import dev.tartan.graph.TensorType;
import dev.tartan.op.Tensor;
import java.util.List;
import java.util.Map;

/**
 * A network that predicts the next token. A batch is {@code tokens [batch, context + 1]}: every token but the last is
 * input, every one but the first is label. It may have {@code labels [batch, context + 1]} of its own, of which -100 is
 * ignored, and {@code weights [batch, context + 1]} of labels; that of a position is the label of the position before,
 * as in Hugging Face's data.
 */
public abstract class LanguageModel extends Network {
    /** The name of the field with tokens. */
    public static final String TOKENS = "tokens";

    /** The name of the field with labels that are not the tokens. */
    public static final String LABELS = "labels";

    /** The name of the field with weights of labels. */
    public static final String WEIGHTS = "weights";

    /** The label that does not count. */
    public static final int IGNORED = -100;

    /** Large enough that its softmax is exactly zero, small enough that differences stay finite. */
    private static final double MASKED_LOGIT = 1e30;

    /** A layer takes some 30 milliseconds to compile. */
    private static final int MAX_LAYERS = 10_000;

    /** Refuses a depth that would compile for many minutes before anything else is found wrong with it. */
    static void checkLayers(int layers) {
        if (layers > MAX_LAYERS) {
            throw new IllegalArgumentException("network has more layers than can be compiled: layers=" + layers
                    + ", limit=" + MAX_LAYERS + ". Lower network.layers.");
        }
    }

    /** Number of different tokens. */
    public abstract int vocab();

    /** Largest number of positions. */
    public abstract int context();

    /**
     * The logits of all positions: {@code tokens [batch, positions] INT32 -> [batch, positions, vocab]}, with masked
     * columns after the vocabulary where the table is padded.
     */
    public abstract Tensor logits(Tensor tokens, ForwardPass pass);

    @Override
    public final List<BatchField> batchFields() {
        long positions = context() + 1L;
        return List.of(
                BatchField.ints(TOKENS, positions).below(vocab()),
                BatchField.ints(LABELS, positions)
                        .below(vocab())
                        .orIgnored(IGNORED)
                        .optionally(),
                BatchField.floats(WEIGHTS, positions).optionally());
    }

    @Override
    public final Tensor loss(Map<String, Tensor> batch, ForwardPass pass) {
        Tensor tokens = field(batch, TOKENS);
        long positions = tokens.shape().dim(1) - 1;
        Tensor logits = logits(tokens.slice(1, 0, positions), pass);
        return loss(logits, () -> loss(logits, batch, positions, pass));
    }

    private static Tensor loss(Tensor logits, Map<String, Tensor> batch, long positions, ForwardPass pass) {
        Tensor labels = batch.getOrDefault(LABELS, field(batch, TOKENS)).slice(1, 1, positions);
        Tensor weights = batch.containsKey(WEIGHTS) ? field(batch, WEIGHTS).slice(1, 1, positions) : null;
        if (batch.containsKey(LABELS)) {
            Tensor counts = labels.notEqualTo(labels.filled(IGNORED));
            labels = Tensor.select(counts, labels, labels.filled(0));
            Tensor mask = counts.cast(logits.dtype());
            weights = weights == null ? mask : weights.mul(mask);
        }
        Tensor losses = logits.crossEntropy(labels);
        return weights == null ? pass.mean(losses) : pass.mean(losses, weights);
    }

    /** {@code logits [batch, context, vocab]} of all tokens but the last. */
    @Override
    public Map<String, Tensor> outputs(Map<String, Tensor> batch, ForwardPass pass) {
        Tensor logits = logits(field(batch, TOKENS).slice(1, 0, context()), pass);
        return Map.of("logits", logits.slice(-1, 0, vocab()));
    }

    @Override
    public final long tokensPerSample() {
        return context();
    }

    /** {@code x [b, t, c]} against the rows of {@code table [vocab or padded, c]}, padded columns masked. */
    protected final Tensor head(Tensor x, Param table) {
        return scoped(x, path().isEmpty() ? "head" : path(), () -> {
            Tensor logits = x.einsum("btc,vc->btv", table);
            long width = logits.shape().dim(-1);
            if (width == vocab()) {
                return logits;
            }
            TensorType columns = new TensorType(DType.INT32, shape(width));
            Tensor column = x.iota(columns, 0);
            Tensor real = column.lessThan((double) vocab()).cast(x.dtype());
            return logits.add(real.sub(1).mul(MASKED_LOGIT));
        });
    }
}
