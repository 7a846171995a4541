package dev.tartan.network;

import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** What the {@code config.json} files of all networks of Hugging Face's transformers have in common. */
final class TransformersFields {
    /**
     * Fields that say who wrote the file, how text is generated, what other heads than that of a language model do, in
     * which type weights were stored or how memory is saved: none changes logits or loss. The type that counts is that
     * of each tensor in its file. {@code pretraining_tp} and {@code chunk_size_feed_forward} cut products into parts.
     */
    private static final Set<String> HARMLESS = words("""
            _name_or_path name_or_path _commit_hash transformers_version torch_dtype dtype _attn_implementation
            _attn_implementation_autoset attn_implementation unsloth_version unsloth_fixed tokenizer_class
            use_cache gradient_checkpointing initializer_range pretraining_tp chunk_size_feed_forward
            use_bfloat16 torchscript tf_legacy_loss output_attentions output_hidden_states output_scores
            return_dict return_dict_in_generate bos_token_id eos_token_id pad_token_id sep_token_id cls_token_id
            unk_token_id decoder_start_token_id forced_bos_token_id forced_eos_token_id suppress_tokens
            begin_suppress_tokens bad_words_ids prefix max_length max_new_tokens min_length do_sample
            early_stopping num_beams num_beam_groups diversity_penalty temperature top_k top_p typical_p
            repetition_penalty length_penalty no_repeat_ngram_size encoder_no_repeat_ngram_size
            num_return_sequences remove_invalid_values exponential_decay_length_penalty task_specific_params
            finetuning_task problem_type id2label label2id num_labels is_decoder is_encoder_decoder""");

    private TransformersFields() {}

    private static Set<String> words(String text) {
        return Pattern.compile("\\s+").splitAsStream(text).collect(Collectors.toUnmodifiableSet());
    }

    /**
     * Takes {@code model_type}, {@code architectures} and what is harmless.
     *
     * @param kind the network's {@code network.kind}
     * @param types the values of {@code model_type} that it computes
     * @param architectures the classes that it computes
     * @return whether the file is of such a network; if not, no other field means what it means there
     */
    static boolean take(ConfigFields fields, String kind, List<String> types, List<String> architectures) {
        Object type = fields.take("model_type");
        if (!(type instanceof String said && types.contains(said))) {
            fields.mistake(
                    "model_type",
                    type,
                    "is not honoured by network.kind=" + kind + ", only " + String.join(" or ", types) + " is");
            return false;
        }
        Object classes = fields.take("architectures");
        if (classes != null && !(classes instanceof List<?> list && architectures.containsAll(list))) {
            fields.mistake(
                    "architectures", classes, "is not honoured, only " + String.join(" or ", architectures) + " is");
        }
        fields.harmless(HARMLESS);
        return true;
    }
}
