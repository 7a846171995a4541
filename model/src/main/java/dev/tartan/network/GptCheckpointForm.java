package dev.tartan.network;

import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * GPT-2 as transformers writes it ({@code GPT2Config}, {@code modeling_gpt2.py}; defaults as there).
 *
 * <p>{@code gelu_new} and {@code gelu_pytorch_tanh} are the same formula, which is {@link Gpt}'s.
 * {@code reorder_and_upcast_attn} has scores computed in float32, as all is here, so both its values are honoured.
 */
final class GptCheckpointForm implements CheckpointForm {
    private static final String PREFIX = "transformer.";
    private static final Pattern MASK = Pattern.compile("h\\.\\d+\\.attn\\.(bias|masked_bias)");
    private static final List<String> OTHER_HEADS = List.of(
            "summary_type",
            "summary_use_proj",
            "summary_activation",
            "summary_proj_to_labels",
            "summary_first_dropout",
            "reorder_and_upcast_attn");

    private final GptConfig config;

    GptCheckpointForm(GptConfig config) {
        this.config = config;
    }

    @Override
    public boolean hasConfig() {
        return true;
    }

    @Override
    public void check(ConfigFields fields) {
        List<String> architectures = List.of("GPT2LMHeadModel", "GPT2Model");
        if (!TransformersFields.take(fields, "gpt", List.of("gpt2"), architectures)) {
            return;
        }
        fields.equal("vocab_size", "network.vocab", config.vocab(), 50257);
        // A trained table of positions is read whole.
        fields.equal("n_positions", "network.context", config.context(), 1024);
        if (fields.has("n_ctx")) {
            fields.atLeast("n_ctx", "network.context", config.context(), config.context());
        }
        fields.equal("n_embd", "network.hidden", config.hidden(), 768);
        fields.equal("n_layer", "network.layers", config.layers(), 12);
        fields.equal("n_head", "network.heads", config.heads(), 12);
        fields.equal("n_inner", "network.intermediate", config.intermediate(), 4.0 * config.hidden());
        fields.equal("layer_norm_epsilon", "network.eps", config.eps(), 1e-5);
        fields.equal("tie_word_embeddings", "network.tiedHead", config.tiedHead(), true);
        fields.only("activation_function", "gelu_new", "gelu_pytorch_tanh");
        fields.only("scale_attn_weights", true);
        fields.only("scale_attn_by_inverse_layer_idx", false);
        fields.only("add_cross_attention", false);
        fields.dropout("network.dropout", config.dropout(), "embd_pdrop", "resid_pdrop");
        fields.dropout("dropout in attention", 0, "attn_pdrop");
        fields.harmless(OTHER_HEADS);
        fields.finish();
    }

    @Override
    public String parameter(String tensor) {
        return tensor.startsWith(PREFIX) ? tensor.substring(PREFIX.length()) : tensor;
    }

    @Override
    public boolean isConstant(String parameter) {
        return MASK.matcher(parameter).matches();
    }

    @Override
    public Map<String, String> copies() {
        return config.tiedHead() ? Map.of("lm_head.weight", "wte.weight") : Map.of();
    }
}
