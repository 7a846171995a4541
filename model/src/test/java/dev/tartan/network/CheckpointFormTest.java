package dev.tartan.network;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What GPT's and Llama's forms say of each field of a {@code config.json}. */
class CheckpointFormTest {
    private static final CheckpointForm GPT =
            new Gpt(new GptConfig(97, 16, 64, 2, 4, 256, 1e-5, true, 0)).checkpointForm();
    private static final CheckpointForm LLAMA =
            new Llama(new LlamaConfig(97, 16, 64, 2, 4, 2, 96, 10000, 1e-5, false, 0)).checkpointForm();

    private static final Map<String, Object> GPT_FIELDS =
            Map.of("model_type", "gpt2", "vocab_size", 97, "n_positions", 16, "n_embd", 64, "n_layer", 2, "n_head", 4);
    private static final Map<String, Object> LLAMA_FIELDS = Map.of(
            "model_type",
            "llama",
            "vocab_size",
            97,
            "hidden_size",
            64,
            "num_hidden_layers",
            2,
            "num_attention_heads",
            4,
            "num_key_value_heads",
            2,
            "intermediate_size",
            96,
            "rms_norm_eps",
            1e-5);

    @Test
    void fewestFieldsOfANetworkHaveNoMistakes() {
        assertThat(gpt()).isEmpty();
        assertThat(llama()).isEmpty();
    }

    @Test
    void everyContradictionIsNamedWithBothValues() {
        assertThat(gpt("vocab_size", 50257, "n_positions", 8, "n_embd", 128, "n_layer", 3, "n_head", 8))
                .containsExactly(
                        "vocab_size=50257 contradicts network.vocab=97",
                        "n_positions=8 contradicts network.context=16",
                        "n_embd=128 contradicts network.hidden=64",
                        "n_layer=3 contradicts network.layers=2",
                        "n_head=8 contradicts network.heads=4");
        assertThat(gpt("n_inner", 100, "layer_norm_epsilon", 1e-6, "tie_word_embeddings", false, "n_ctx", 8))
                .containsExactly(
                        "n_ctx=8 is less than network.context=16",
                        "n_inner=100 contradicts network.intermediate=256",
                        "layer_norm_epsilon=1.0E-6 contradicts network.eps=1.0E-5",
                        "tie_word_embeddings=false contradicts network.tiedHead=true");
        assertThat(llama("hidden_size", 32, "num_hidden_layers", 1, "num_attention_heads", 2, "vocab_size", 98))
                .containsExactly(
                        "vocab_size=98 contradicts network.vocab=97",
                        "hidden_size=32 contradicts network.hidden=64",
                        "num_hidden_layers=1 contradicts network.layers=2",
                        "num_attention_heads=2 contradicts network.heads=4");
        assertThat(llama("num_key_value_heads", 4, "head_dim", 32, "intermediate_size", 95, "rms_norm_eps", 1e-6))
                .containsExactly(
                        "num_key_value_heads=4 contradicts network.kvHeads=2",
                        "head_dim=32 contradicts network.hidden / network.heads=16",
                        "intermediate_size=95 contradicts network.intermediate=96",
                        "rms_norm_eps=1.0E-6 contradicts network.eps=1.0E-5");
        assertThat(llama("tie_word_embeddings", true, "max_position_embeddings", 15, "rope_theta", 500000.0))
                .containsExactly(
                        "max_position_embeddings=15 is less than network.context=16",
                        "tie_word_embeddings=true contradicts network.tiedHead=false",
                        "rope_theta=500000.0 contradicts network.ropeTheta=10000");
    }

    @Test
    void absentFieldsMeanTheDefaultsOfTheLibraryThatWroteTheFile() {
        assertThat(check(GPT, Map.of("model_type", "gpt2")))
                .containsExactly(
                        "vocab_size is not given, which means 50257, and contradicts network.vocab=97",
                        "n_positions is not given, which means 1024, and contradicts network.context=16",
                        "n_embd is not given, which means 768, and contradicts network.hidden=64",
                        "n_layer is not given, which means 12, and contradicts network.layers=2",
                        "n_head is not given, which means 12, and contradicts network.heads=4");
        assertThat(llama("rms_norm_eps", null))
                .containsExactly("rms_norm_eps is not given, which means 1.0E-6, and contradicts network.eps=1.0E-5");
        assertThat(llama("num_key_value_heads", null))
                .containsExactly("num_key_value_heads is not given, which means 4, and contradicts network.kvHeads=2");
        CheckpointForm untied = new Gpt(new GptConfig(97, 16, 64, 2, 4, 256, 1e-5, false, 0)).checkpointForm();
        assertThat(check(untied, GPT_FIELDS))
                .containsExactly(
                        "tie_word_embeddings is not given, which means true, and contradicts network.tiedHead=false");
    }

    @Test
    void whatANetworkDoesNotComputeIsNotHonoured() {
        assertThat(gpt("activation_function", "gelu", "scale_attn_weights", false, "add_cross_attention", true))
                .containsExactly(
                        "activation_function=gelu is not honoured, only gelu_new or gelu_pytorch_tanh is",
                        "scale_attn_weights=false is not honoured, only true is",
                        "add_cross_attention=true is not honoured, only false is");
        assertThat(gpt("scale_attn_by_inverse_layer_idx", true))
                .containsExactly("scale_attn_by_inverse_layer_idx=true is not honoured, only false is");
        assertThat(llama("hidden_act", "gelu", "attention_bias", true, "mlp_bias", true))
                .containsExactly(
                        "hidden_act=gelu is not honoured, only silu or swish is",
                        "attention_bias=true is not honoured, only false is",
                        "mlp_bias=true is not honoured, only false is");
        assertThat(llama("partial_rotary_factor", 0.5))
                .containsExactly("partial_rotary_factor=0.5 is not honoured, only 1 is");
        assertThat(llama("architectures", List.of("LlamaForSequenceClassification")))
                .containsExactly("architectures=[LlamaForSequenceClassification] is not honoured, only LlamaForCausalLM"
                        + " or LlamaModel or MistralForCausalLM or MistralModel is");
    }

    @Test
    void anotherNetworkIsOneMistake() {
        assertThat(llama("model_type", "gemma2", "attn_logit_softcapping", 50.0, "vocab_size", 3))
                .containsExactly("model_type=gemma2 is not honoured by network.kind=llama, only llama or mistral is");
        assertThat(gpt("model_type", "llama"))
                .containsExactly("model_type=llama is not honoured by network.kind=gpt, only gpt2 is");
        assertThat(gpt("model_type", null))
                .containsExactly("model_type=null is not honoured by network.kind=gpt, only gpt2 is");
    }

    @Test
    void rotaryPositionsAreReadInOldAndNewForm() {
        assertThat(llama("rope_theta", 10000)).isEmpty();
        assertThat(llama("rope_parameters", Map.of("rope_type", "default", "rope_theta", 10000.0)))
                .isEmpty();
        assertThat(llama("rope_scaling", Map.of("type", "default", "factor", 1.0)))
                .isEmpty();
        assertThat(llama("rope_parameters", Map.of("rope_type", "default", "rope_theta", 5e5)))
                .containsExactly("rope_parameters.rope_theta=500000.0 contradicts network.ropeTheta=10000");
        assertThat(llama("rope_parameters", Map.of("rope_theta", 10000, "partial_rotary_factor", 0.5)))
                .containsExactly("rope_parameters.partial_rotary_factor=0.5 is not honoured, only 1 is");
        assertThat(llama("rope_parameters", Map.of("rope_type", "yarn", "rope_theta", 10000, "factor", 4)))
                .containsExactly("rope_parameters.rope_type=yarn is not honoured, only default is");
        assertThat(llama("rope_scaling", Map.of("type", "linear", "factor", 4.0)))
                .containsExactly("rope_scaling.type=linear is not honoured, only default is");
        assertThat(llama("rope_scaling", Map.of("factor", 4.0)))
                .containsExactly("rope_scaling.factor=4.0 is not honoured, only 1 is");
        assertThat(llama("rope_scaling", "linear")).containsExactly("rope_scaling=linear is not an object");
        CheckpointForm slow = new Llama(new LlamaConfig(97, 16, 64, 2, 4, 2, 96, 5e5, 1e-5, false, 0)).checkpointForm();
        assertThat(check(slow, LLAMA_FIELDS))
                .containsExactly(
                        "rope_theta is not given, which means 10000, and contradicts network.ropeTheta=500000");
    }

    @Test
    void windowMattersOnlyToContextsBeyondIt() {
        assertThat(llama("model_type", "mistral", "sliding_window", 16)).isEmpty();
        assertThat(llama("model_type", "mistral", "sliding_window", null)).isEmpty();
        assertThat(llama("model_type", "mistral", "sliding_window", 15))
                .containsExactly("sliding_window=15 is less than network.context=16");
        Llama wide = new Llama(new LlamaConfig(97, 8192, 64, 2, 4, 2, 96, 10000, 1e-5, false, 0));
        Map<String, Object> fields = new LinkedHashMap<>(LLAMA_FIELDS);
        fields.put("model_type", "mistral");
        assertThat(check(wide.checkpointForm(), fields))
                .containsExactly("sliding_window is not given, which means 4096, less than network.context=8192");
    }

    @Test
    void unknownFieldsAreMistakesUnlessTheyAreOff() {
        assertThat(llama("clip_qkv", null, "use_qk_norm", false, "extra_layers", 0, "skips", List.of()))
                .isEmpty();
        assertThat(notes(LLAMA, with(LLAMA_FIELDS, "clip_qkv", null, "use_qk_norm", false)))
                .containsExactly("the checkpoint has settings that are not known but off: clip_qkv=null,"
                        + " use_qk_norm=false");
        assertThat(llama("use_qk_norm", true, "residual_multiplier", 0.2, "quantization_config", Map.of("bits", 4)))
                .containsExactlyInAnyOrder(
                        "use_qk_norm=true is not known, so it is not honoured",
                        "residual_multiplier=0.2 is not known, so it is not honoured",
                        "quantization_config={bits=4} is not known, so it is not honoured");
    }

    @Test
    void fieldsThatChangeNothingAreTakenWithoutANote() {
        Object[] harmless = {
            "torch_dtype",
            "bfloat16",
            "dtype",
            "float16",
            "transformers_version",
            "5.18.0",
            "bos_token_id",
            1,
            "eos_token_id",
            List.of(1, 2),
            "use_cache",
            true,
            "initializer_range",
            0.02,
            "pretraining_tp",
            2,
            "task_specific_params",
            Map.of("text-generation", Map.of("do_sample", true))
        };
        assertThat(llama(harmless)).isEmpty();
        assertThat(notes(LLAMA, with(LLAMA_FIELDS, harmless))).isEmpty();
        assertThat(gpt("reorder_and_upcast_attn", true, "summary_type", "cls_index"))
                .isEmpty();
    }

    @Test
    void otherDropoutIsNoted() {
        assertThat(gpt("embd_pdrop", 0.1, "attn_pdrop", 0.1)).isEmpty();
        assertThat(notes(GPT, with(GPT_FIELDS, "embd_pdrop", 0.1, "resid_pdrop", 0, "attn_pdrop", 0.1)))
                .containsExactly(
                        "the checkpoint was made with other dropout than this run: embd_pdrop=0.1, network.dropout=0",
                        "the checkpoint was made with other dropout than this run: attn_pdrop=0.1, dropout in"
                                + " attention=0");
    }

    @Test
    void valuesOfAnotherTypeAreMistakes() {
        assertThat(llama("hidden_size", "64", "tie_word_embeddings", "no", "max_position_embeddings", "many"))
                .containsExactly(
                        "max_position_embeddings=many is not a number",
                        "hidden_size=64 is not a number",
                        "tie_word_embeddings=no contradicts network.tiedHead=false");
        assertThat(llama("max_position_embeddings", Double.NaN))
                .containsExactly("max_position_embeddings=NaN is less than network.context=16");
    }

    @Test
    void textOfAFileCannotBreakALine() {
        assertThat(llama("a\nb", "c\u001b[31m" + "d".repeat(200)))
                .containsExactly("a?b=c?[31m" + "d".repeat(94) + "... is not known, so it is not honoured");
    }

    @Test
    void tensorsOfFilesAreParametersConstantsOrCopies() {
        assertThat(GPT.parameter("transformer.h.0.ln_1.weight")).isEqualTo("h.0.ln_1.weight");
        assertThat(GPT.parameter("h.0.ln_1.weight")).isEqualTo("h.0.ln_1.weight");
        assertThat(LLAMA.parameter("norm.weight")).isEqualTo("model.norm.weight");
        assertThat(LLAMA.parameter("model.norm.weight")).isEqualTo("model.norm.weight");
        assertThat(LLAMA.parameter("lm_head.weight")).isEqualTo("lm_head.weight");
        assertThat(List.of("h.10.attn.bias", "h.0.attn.masked_bias")).allMatch(GPT::isConstant);
        assertThat(List.of("h.0.attn.c_attn.bias", "attn.bias")).noneMatch(GPT::isConstant);
        assertThat(List.of("model.layers.3.self_attn.rotary_emb.inv_freq", "model.rotary_emb.inv_freq"))
                .allMatch(LLAMA::isConstant);
        assertThat(GPT.copies()).isEqualTo(Map.of("lm_head.weight", "wte.weight"));
        assertThat(LLAMA.copies()).isEmpty();
    }

    private static List<String> gpt(@Nullable Object... changes) {
        return check(GPT, with(GPT_FIELDS, changes));
    }

    private static List<String> llama(@Nullable Object... changes) {
        return check(LLAMA, with(LLAMA_FIELDS, changes));
    }

    private static List<String> check(CheckpointForm form, Map<String, Object> fields) {
        ConfigFields taken = new ConfigFields(fields);
        form.check(taken);
        return taken.mistakes();
    }

    private static List<String> notes(CheckpointForm form, Map<String, Object> fields) {
        ConfigFields taken = new ConfigFields(fields);
        form.check(taken);
        return taken.notes();
    }

    @SuppressWarnings("NullAway") // a field may be null, and a map's values cannot say so yet
    private static Map<String, Object> with(Map<String, Object> fields, @Nullable Object... changes) {
        Map<String, Object> changed = new LinkedHashMap<>(fields);
        List<Object> pairs = new ArrayList<>(Arrays.asList(changes));
        for (int i = 0; i < pairs.size(); i += 2) {
            changed.put(String.valueOf(pairs.get(i)), pairs.get(i + 1));
        }
        return changed;
    }
}
