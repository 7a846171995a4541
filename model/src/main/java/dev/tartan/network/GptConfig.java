package dev.tartan.network;

/**
 * The sizes of a {@link Gpt}.
 *
 * @param vocab number of different tokens
 * @param context largest number of positions
 * @param hidden width of the residual stream
 * @param layers number of blocks
 * @param heads number of attention heads, which divides {@code hidden}
 * @param intermediate width inside the MLP
 * @param eps what layer norm adds to the variance
 * @param tiedHead whether the output layer is the token embedding
 * @param dropout share of activations dropped in training, after the embedding and each residual branch
 */
public record GptConfig(
        int vocab,
        int context,
        int hidden,
        int layers,
        int heads,
        int intermediate,
        double eps,
        boolean tiedHead,
        double dropout)
        implements LanguageModelConfig {

    /** GPT-2's choices: intermediate 4 hidden, eps 1e-5, tied head, no dropout. */
    public static GptConfig of(int vocab, int context, int hidden, int layers, int heads) {
        return new GptConfig(vocab, context, hidden, layers, heads, 4 * hidden, 1e-5, true, 0);
    }

    @Override
    public Network create() {
        return new Gpt(this);
    }

    @Override
    public GptConfig withLayers(int count) {
        return new GptConfig(vocab, context, hidden, count, heads, intermediate, eps, tiedHead, dropout);
    }

    void check() {
        LanguageModel.checkLayers(layers);
        if (hidden % heads != 0) {
            throw new IllegalArgumentException("hidden is not divisible by heads: hidden=" + hidden + ", heads=" + heads
                    + ". Change one of them.");
        }
    }

    /** Elements per head. */
    public int headSize() {
        return hidden / heads;
    }
}
