package dev.tartan.network;

import static dev.tartan.mesh.PartitionSpec.spec;

/** How {@link Llama} is split over mesh axis {@code model}. */
final class LlamaLayout {
    private LlamaLayout() {}

    /** Column then row in attention (by heads) and in the MLP; the vocabulary's rows are split. */
    static Layout tensorParallel(LlamaConfig config) {
        Layout layout = Layout.replicated().with("model.embed_tokens.weight", spec("model", null));
        if (config.layers() > 0) {
            layout = layout.with("model.layers.*.self_attn.q_proj.weight", spec("model", null, null))
                    .with("model.layers.*.self_attn.k_proj.weight", spec("model", null, null))
                    .with("model.layers.*.self_attn.v_proj.weight", spec("model", null, null))
                    .with("model.layers.*.self_attn.o_proj.weight", spec(null, "model", null))
                    .with("model.layers.*.mlp.gate_proj.weight", spec("model", null))
                    .with("model.layers.*.mlp.up_proj.weight", spec("model", null))
                    .with("model.layers.*.mlp.down_proj.weight", spec(null, "model"));
        }
        return config.tiedHead() ? layout : layout.with("lm_head.weight", spec("model", null));
    }
}
