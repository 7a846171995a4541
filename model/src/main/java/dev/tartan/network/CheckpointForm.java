package dev.tartan.network;

import java.util.Map;

/**
 * How a network is published: what the {@code config.json} beside its weights must say, and how tensors are called in
 * the files. All that this interface does by itself holds for a network of the user's own: nothing is known of a
 * {@code config.json}, and files have the parameters' names.
 *
 * <p>For example, GPT-2's token embedding is {@code wte.weight}, {@code transformer.wte.weight} in files of the network
 * with its head, and there may be a copy of it called {@code lm_head.weight} and a mask called {@code h.0.attn.bias}.
 */
public interface CheckpointForm {
    /** The form of networks whose files have the parameters alone, under their own names. */
    CheckpointForm PARAMETERS_ONLY = new CheckpointForm() {};

    /** Whether {@link #check} knows what a {@code config.json} says. */
    default boolean hasConfig() {
        return false;
    }

    /** Takes every field of a {@code config.json} and notes what this network would not compute as the file says. */
    default void check(ConfigFields fields) {}

    /** The parameter that a tensor of a file is, or would be if the network had it. */
    default String parameter(String tensor) {
        return tensor;
    }

    /** Whether a tensor is a constant that the network computes by itself, such as a mask, so that it is not read. */
    default boolean isConstant(String parameter) {
        return false;
    }

    /** Copies of parameters that files may have as well, by name, each with the parameter it must be equal to. */
    default Map<String, String> copies() {
        return Map.of();
    }
}
