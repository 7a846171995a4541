package dev.tartan.network;

import static dev.tartan.mesh.PartitionSpec.spec;

/** How {@link Gpt} is split over mesh axis {@code model}. */
final class GptLayout {
    private GptLayout() {}

    /**
     * Column then row in attention (by heads) and in the MLP, so two all-reduces a block in each direction; the
     * vocabulary's rows are split. Source: Shoeybi et al. 2019, "Megatron-LM".
     */
    static Layout tensorParallel(GptConfig config) {
        Layout layout = Layout.replicated().with("wte.weight", spec("model", null));
        if (config.layers() > 0) {
            layout = layout.with("h.*.attn.c_attn.weight", spec(null, null, "model", null))
                    .with("h.*.attn.c_attn.bias", spec(null, "model", null))
                    .with("h.*.attn.c_proj.weight", spec("model", null, null))
                    .with("h.*.mlp.c_fc.weight", spec(null, "model"))
                    .with("h.*.mlp.c_fc.bias", spec("model"))
                    .with("h.*.mlp.c_proj.weight", spec("model", null));
        }
        return config.tiedHead() ? layout : layout.with("lm_head.weight", spec("model", null));
    }
}
