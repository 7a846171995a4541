package dev.tartan.train.config;

import java.util.List;

/** The network to train and its sizes. */
public sealed interface NetworkConfig {
    /** What both kinds of language model have. */
    sealed interface LanguageModel extends NetworkConfig {
        /** Number of different tokens. */
        int vocab();

        /** Tokens per sample. */
        int context();

        /** Width of the residual stream. */
        int hidden();

        /** Number of transformer blocks. */
        int layers();

        /** Number of attention heads, which divides {@link #hidden()}. */
        int heads();

        /** Width between the two layers of the feed-forward block. */
        int intermediate();

        /** What the norms add to the variance. */
        double eps();

        /** Whether the output layer uses the embedding's weight. */
        boolean tiedHead();

        /** Share of activations dropped in training, from 0 up to below 1. */
        double dropout();
    }

    /** A network in the GPT-2 layout. */
    record Gpt(
            int vocab,
            int context,
            int hidden,
            int layers,
            int heads,
            int intermediate,
            double eps,
            boolean tiedHead,
            double dropout)
            implements LanguageModel {}

    /**
     * A network in the Llama layout.
     *
     * @param kvHeads number of key and value heads, which divides {@code heads}
     * @param ropeTheta base of the rotary embedding's wavelengths
     */
    record Llama(
            int vocab,
            int context,
            int hidden,
            int layers,
            int heads,
            int kvHeads,
            int intermediate,
            double ropeTheta,
            double eps,
            boolean tiedHead,
            double dropout)
            implements LanguageModel {}

    /**
     * A multilayer perceptron that classifies.
     *
     * @param inputs values per sample
     * @param hidden widths of the hidden layers, in order
     * @param outputs number of classes
     * @param activation between the layers
     */
    record Mlp(int inputs, List<Integer> hidden, int outputs, Activation activation) implements NetworkConfig {
        public Mlp {
            hidden = List.copyOf(hidden);
        }
    }

    /** The nonlinearity of an {@link Mlp}. */
    enum Activation {
        RELU,
        GELU,
        TANH
    }
}
