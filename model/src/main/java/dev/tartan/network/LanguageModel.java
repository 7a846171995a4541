package dev.tartan.network;

import static dev.tartan.mesh.Shape.shape;

import dev.tartan.graph.DType;
import dev.tartan.graph.TensorType;
import dev.tartan.op.Tensor;
import java.util.List;
import java.util.Map;

/**
 * A network that predicts the next token. A batch is {@code tokens [batch, context + 1]}: every token but the last is
 * input, every one but the first is label.
 */
public abstract class LanguageModel extends Network {
    /** The name of the batch field. */
    public static final String TOKENS = "tokens";

    /** Large enough that its softmax is exactly zero, small enough that differences stay finite. */
    private static final double MASKED_LOGIT = 1e30;

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
        return List.of(new BatchField(TOKENS, DType.INT32, shape(context() + 1L)));
    }

    @Override
    public final Tensor loss(Map<String, Tensor> batch, ForwardPass pass) {
        Tensor tokens = field(batch, TOKENS);
        long positions = tokens.shape().dim(1) - 1;
        Tensor logits = logits(tokens.slice(1, 0, positions), pass);
        return logits.graph()
                .inScope(
                        "loss",
                        () -> logits.crossEntropy(tokens.slice(1, 1, positions)).meanAll());
    }

    /** {@code x [b, t, c]} against the rows of {@code table [vocab or padded, c]}, padded columns masked. */
    protected final Tensor head(Tensor x, Param table) {
        return x.graph().inScope(path().isEmpty() ? "head" : path(), () -> {
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
