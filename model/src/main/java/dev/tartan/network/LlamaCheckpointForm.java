package dev.tartan.network;

import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Llama as transformers writes it ({@code LlamaConfig}, {@code MistralConfig} and their modeling files; defaults as
 * there). A Mistral is a Llama whose attention may be limited to a window, which makes no difference to contexts within
 * the window.
 *
 * <p>Rotary positions are described by {@code rope_theta} and {@code rope_scaling} up to release 4 of transformers, by
 * an object {@code rope_parameters} since.
 */
final class LlamaCheckpointForm implements CheckpointForm {
    private static final String PREFIX = "model.";
    private static final String HEAD = "lm_head.weight";
    private static final Pattern WAVELENGTHS =
            Pattern.compile("model\\.(layers\\.\\d+\\.self_attn\\.)?rotary_emb\\.inv_freq");
    private static final List<String> ARCHITECTURES =
            List.of("LlamaForCausalLM", "LlamaModel", "MistralForCausalLM", "MistralModel");
    private static final String THETA = "rope_theta";
    private static final double DEFAULT_THETA = 10000;

    private final LlamaConfig config;

    LlamaCheckpointForm(LlamaConfig config) {
        this.config = config;
    }

    @Override
    public boolean hasConfig() {
        return true;
    }

    @Override
    public void check(ConfigFields fields) {
        boolean mistral = "mistral".equals(fields.value("model_type"));
        if (!TransformersFields.take(fields, "llama", List.of("llama", "mistral"), ARCHITECTURES)) {
            return;
        }
        fields.equal("vocab_size", "network.vocab", config.vocab(), 32000);
        fields.atLeast("max_position_embeddings", "network.context", config.context(), mistral ? 131072 : 2048);
        fields.equal("hidden_size", "network.hidden", config.hidden(), 4096);
        fields.equal("num_hidden_layers", "network.layers", config.layers(), 32);
        fields.equal("num_attention_heads", "network.heads", config.heads(), 32);
        fields.equal("num_key_value_heads", "network.kvHeads", config.kvHeads(), mistral ? 8 : config.heads());
        fields.equal("head_dim", "network.hidden / network.heads", config.headSize(), config.headSize());
        fields.equal("intermediate_size", "network.intermediate", config.intermediate(), mistral ? 14336 : 11008);
        fields.equal("rms_norm_eps", "network.eps", config.eps(), 1e-6);
        fields.equal("tie_word_embeddings", "network.tiedHead", config.tiedHead(), false);
        fields.only("hidden_act", "silu", "swish");
        fields.only("attention_bias", false);
        fields.only("mlp_bias", false);
        checkWindow(fields, mistral);
        checkRotary(fields);
        fields.dropout("dropout in attention", 0, "attention_dropout");
        fields.finish();
    }

    private void checkWindow(ConfigFields fields, boolean mistral) {
        if (fields.isNull("sliding_window")) {
            fields.take("sliding_window");
        } else if (mistral || fields.has("sliding_window")) {
            fields.atLeast("sliding_window", "network.context", config.context(), 4096);
        }
    }

    private void checkRotary(ConfigFields fields) {
        boolean hasTheta = false;
        for (String name : List.of("rope_parameters", "rope_scaling")) {
            ConfigFields rotary = fields.object(name);
            if (rotary.has(THETA)) {
                hasTheta = true;
                rotary.equal(THETA, "network.ropeTheta", config.ropeTheta(), DEFAULT_THETA);
            }
            // What else a scaling says of itself adds nothing to that it is one.
            if (rotary.only("rope_type", "default") && rotary.only("type", "default")) {
                rotary.only("factor", 1);
                rotary.only("partial_rotary_factor", 1);
                rotary.finish();
            }
        }
        if (fields.has(THETA) || !hasTheta) {
            fields.equal(THETA, "network.ropeTheta", config.ropeTheta(), DEFAULT_THETA);
        }
        fields.only("partial_rotary_factor", 1);
    }

    @Override
    public String parameter(String tensor) {
        return tensor.startsWith(PREFIX) || tensor.equals(HEAD) ? tensor : PREFIX + tensor;
    }

    @Override
    public boolean isConstant(String parameter) {
        return WAVELENGTHS.matcher(parameter).matches();
    }

    @Override
    public Map<String, String> copies() {
        return config.tiedHead() ? Map.of(HEAD, "model.embed_tokens.weight") : Map.of();
    }
}
