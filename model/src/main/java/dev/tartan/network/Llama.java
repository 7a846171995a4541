package dev.tartan.network;

import static dev.tartan.mesh.Shape.shape;

import dev.tartan.op.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Llama, with the parameter names of its Hugging Face files: RMS norm, rotary embedding, grouped-query attention,
 * SwiGLU. Laid out by {@link LlamaLayout}. Source: Touvron et al. 2023.
 */
public final class Llama extends LanguageModel {
    private static final Initializer NORMAL = Initializers.normal(0.02);

    private final LlamaConfig config;
    private final Embedding embedTokens;
    private final List<LlamaBlock> blocks = new ArrayList<>();
    private final RmsNorm norm;
    private final @Nullable Embedding lmHead;

    public Llama(LlamaConfig config) {
        checkLayers(config.layers());
        config.check(KeyRules.THROWING);
        this.config = config;
        embedTokens = child("model.embed_tokens", new Embedding(config.vocab(), config.hidden(), NORMAL));
        for (int i = 0; i < config.layers(); i++) {
            blocks.add(block("model.layers." + i, new LlamaBlock(config)));
        }
        norm = child("model.norm", new RmsNorm(config.hidden(), config.eps()));
        lmHead = config.tiedHead() ? null : child("lm_head", new Embedding(config.vocab(), config.hidden(), NORMAL));
        embedTokens.weight().paddable(0);
        if (lmHead != null) {
            lmHead.weight().paddable(0);
        }
        LlamaLayout.tensorParallel(config).applyTo(this);
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
        return new LlamaCheckpointForm(config);
    }

    @Override
    public Tensor logits(Tensor tokens, ForwardPass pass) {
        Tensor x = pass.residual(embedTokens.call(tokens));
        for (LlamaBlock block : blocks) {
            x = block.call(x, pass);
        }
        return head(pass.wholeSequence(norm.call(x)), (lmHead == null ? embedTokens : lmHead).weight());
    }

    /** One block: attention and MLP, each on the normalized residual stream. */
    static final class LlamaBlock extends Module {
        private final RmsNorm inputNorm;
        private final LlamaAttention attention;
        private final RmsNorm postAttentionNorm;
        private final SwiGluMlp mlp;
        private final Dropout drop;

        LlamaBlock(LlamaConfig config) {
            inputNorm = child("input_layernorm", new RmsNorm(config.hidden(), config.eps()));
            attention = child("self_attn", new LlamaAttention(config));
            postAttentionNorm = child("post_attention_layernorm", new RmsNorm(config.hidden(), config.eps()));
            mlp = child("mlp", new SwiGluMlp(config));
            drop = child("drop", new Dropout(config.dropout()));
        }

        /** {@code x: [batch/data, positions, hidden]} to the same shape. */
        Tensor call(Tensor x, ForwardPass pass) {
            return scoped(x, () -> {
                Tensor attended = x.add(drop.call(attention.call(inputNorm.call(x), pass), pass));
                return attended.add(drop.call(mlp.call(postAttentionNorm.call(attended), pass), pass));
            });
        }
    }

    /** {@code down(silu(gate(x)) * up(x))}. Source: Shazeer 2020, "GLU Variants Improve Transformer". */
    static final class SwiGluMlp extends Module {
        private final Projection gate;
        private final Projection up;
        private final Projection down;

        SwiGluMlp(LlamaConfig config) {
            int c = config.hidden();
            int i = config.intermediate();
            gate = child("gate_proj", new Projection("btc,ic->bti", shape(i, c), NORMAL));
            up = child("up_proj", new Projection("btc,ic->bti", shape(i, c), NORMAL));
            down = child("down_proj", new Projection("bti,ci->btc", shape(c, i), NORMAL));
        }

        Tensor call(Tensor x, ForwardPass pass) {
            return scoped(x, () -> {
                Tensor whole = pass.wholeSequence(x);
                return down.call(gate.call(whole).silu().mul(up.call(whole)), pass::residual);
            });
        }
    }

    /**
     * Causal attention in which groups of query heads share a key and value head. The weights have a dim of heads,
     * which is the one that is split.
     */
    static final class LlamaAttention extends Module {
        private final LlamaConfig config;
        private final Projection query;
        private final Projection key;
        private final Projection value;
        private final Projection out;

        LlamaAttention(LlamaConfig config) {
            this.config = config;
            int c = config.hidden();
            query = child("q_proj", heads(config.heads()));
            key = child("k_proj", heads(config.kvHeads()));
            value = child("v_proj", heads(config.kvHeads()));
            out = child(
                    "o_proj",
                    new Projection("bthd,chd->btc", shape(c, config.heads(), config.headSize()), NORMAL)
                            .inFileAs(shape(c, c)));
            // Fewer key and value heads than ranks is common; then every rank holds all of them.
            key.weight().replicatedIfIndivisible();
            value.weight().replicatedIfIndivisible();
        }

        private Projection heads(int count) {
            int size = config.headSize();
            return new Projection("btc,hdc->bthd", shape(count, size, config.hidden()), NORMAL)
                    .inFileAs(shape((long) count * size, config.hidden()));
        }

        Tensor call(Tensor x, ForwardPass pass) {
            return scoped(x, () -> {
                Tensor whole = pass.wholeSequence(x);
                Tensor q = query.call(whole).transpose(0, 2, 1, 3).rotary(config.ropeTheta());
                Tensor k = key.call(whole).transpose(0, 2, 1, 3).rotary(config.ropeTheta());
                Tensor v = value.call(whole).transpose(0, 2, 1, 3);
                Tensor attended = q.causalAttention(repeat(k), repeat(v), 1 / Math.sqrt(config.headSize()));
                return out.call(attended.transpose(0, 2, 1, 3), pass::residual);
            });
        }

        /** {@code [b, kvHeads, t, d] -> [b, heads, t, d]}, each head repeated for its group. */
        private Tensor repeat(Tensor x) {
            int group = config.heads() / config.kvHeads();
            if (group == 1) {
                return x;
            }
            long[] d = x.shape().dims();
            return x.reshape(d[0], d[1], 1, d[2], d[3])
                    .broadcastTo(shape(d[0], d[1], group, d[2], d[3]))
                    .reshape(d[0], d[1] * group, d[2], d[3]);
        }
    }
}
