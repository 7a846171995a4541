package dev.tartan.network;

import static dev.tartan.mesh.Shape.shape;

import dev.tartan.op.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * GPT-2, with the parameter names of its Hugging Face files. Laid out by {@link GptLayout}.
 *
 * <p>Source: Radford et al. 2019; initial values as there: normal with deviation 0.02, residual projections divided by
 * sqrt(2 layers). Dropout is not applied inside attention, whose probabilities are fused away.
 */
public final class Gpt extends LanguageModel {
    static final double DEVIATION = 0.02;

    private final GptConfig config;
    private final Embedding wte;
    private final Embedding wpe;
    private final Dropout drop;
    private final List<GptBlock> blocks = new ArrayList<>();
    private final LayerNorm lnF;
    private final @Nullable Embedding lmHead;

    public Gpt(GptConfig config) {
        checkLayers(config.layers());
        config.check(KeyRules.THROWING);
        this.config = config;
        Initializer initializer = Initializers.normal(DEVIATION);
        wte = child("wte", new Embedding(config.vocab(), config.hidden(), initializer));
        wpe = child("wpe", new Embedding(config.context(), config.hidden(), initializer));
        drop = child("drop", new Dropout(config.dropout()));
        for (int i = 0; i < config.layers(); i++) {
            blocks.add(block("h." + i, new GptBlock(config)));
        }
        lnF = child("ln_f", new LayerNorm(config.hidden(), config.eps()));
        lmHead = config.tiedHead()
                ? null
                : child("lm_head", new Embedding(config.vocab(), config.hidden(), initializer));
        wte.weight().paddable(0);
        if (lmHead != null) {
            lmHead.weight().paddable(0);
        }
        GptLayout.tensorParallel(config).applyTo(this);
    }

    @Override
    public int vocab() {
        return config.vocab();
    }

    @Override
    public int context() {
        return config.context();
    }

    @Override
    public CheckpointForm checkpointForm() {
        return new GptCheckpointForm(config);
    }

    @Override
    public Tensor logits(Tensor tokens, ForwardPass pass) {
        long positions = tokens.shape().dim(1);
        Tensor x = pass.residual(wte.call(tokens).add(wpe.firstRows(tokens, positions)));
        x = drop.call(x, pass);
        for (GptBlock block : blocks) {
            x = block.call(x, pass);
        }
        return head(pass.wholeSequence(lnF.call(x)), (lmHead == null ? wte : lmHead).weight());
    }

    /** One block: attention and MLP, each on the normalized residual stream. */
    static final class GptBlock extends Module {
        private final LayerNorm ln1;
        private final GptAttention attn;
        private final LayerNorm ln2;
        private final GptMlp mlp;
        private final Dropout drop;

        GptBlock(GptConfig config) {
            ln1 = child("ln_1", new LayerNorm(config.hidden(), config.eps()));
            attn = child("attn", new GptAttention(config));
            ln2 = child("ln_2", new LayerNorm(config.hidden(), config.eps()));
            mlp = child("mlp", new GptMlp(config));
            drop = child("drop", new Dropout(config.dropout()));
        }

        /** {@code x: [batch/data, positions, hidden]} to the same shape. */
        Tensor call(Tensor x, ForwardPass pass) {
            return scoped(x, () -> {
                Tensor attended = x.add(drop.call(attn.call(ln1.call(x), pass), pass));
                return attended.add(drop.call(mlp.call(ln2.call(attended), pass), pass));
            });
        }
    }

    /** The two-layer MLP with GELU. */
    static final class GptMlp extends Module {
        private final Linear cFc;
        private final Linear cProj;

        GptMlp(GptConfig config) {
            cFc = child("c_fc", new Linear(config.hidden(), config.intermediate(), Initializers.normal(DEVIATION)));
            cProj = child("c_proj", new Linear(config.intermediate(), config.hidden(), residual(config)));
        }

        Tensor call(Tensor x, ForwardPass pass) {
            return scoped(x, () -> cProj.call(cFc.call(pass.wholeSequence(x)).gelu(), pass::residual));
        }
    }

    static Initializer residual(GptConfig config) {
        return Initializers.normal(DEVIATION / Math.sqrt(2.0 * config.layers()));
    }

    /**
     * Causal self-attention. The weights have a dim of heads, which is the one that is split: {@code c_attn.weight [C,
     * 3, heads/model, size]}, {@code c_proj.weight [heads/model, size, C]}.
     */
    static final class GptAttention extends Module {
        private final Projection cAttn;
        private final Projection cProj;
        private final double scale;

        GptAttention(GptConfig config) {
            int c = config.hidden();
            int heads = config.heads();
            int size = config.headSize();
            cAttn = child(
                    "c_attn",
                    new Projection("btc,cshd->btshd", shape(c, 3, heads, size), Initializers.normal(DEVIATION))
                            .inFileAs(shape(c, 3L * c))
                            .withBias(shape(3, heads, size), shape(3L * c)));
            cProj = child(
                    "c_proj",
                    new Projection("bthd,hdc->btc", shape(heads, size, c), residual(config))
                            .inFileAs(shape(c, c))
                            .withBias(shape(c), shape(c)));
            scale = 1 / Math.sqrt(size);
        }

        Tensor call(Tensor x, ForwardPass pass) {
            return scoped(x, () -> {
                // All three at once to [s, b, h, t, d], where each is one contiguous block.
                Tensor qkv = cAttn.call(pass.wholeSequence(x)).transpose(2, 0, 3, 1, 4);
                Tensor attended = part(qkv, 0).causalAttention(part(qkv, 1), part(qkv, 2), scale);
                return cProj.call(attended.transpose(0, 2, 1, 3), pass::residual);
            });
        }

        private static Tensor part(Tensor qkv, int index) {
            long[] dims = qkv.shape().dims();
            return qkv.slice(0, index, 1).reshape(dims[1], dims[2], dims[3], dims[4]);
        }
    }
}
