package dev.tartan.network;

/**
 * The sizes of a {@link Gpt}.
 *
 * @param vocab number of different tokens
 * @param context largest number of positions
 * @param hidden width of the residual stream
 * @param layers number of blocks
 * @param heads number of attention heads, which divides {@code hidden}
 * @param intermediate width inside the MLP; 0 for 4 times {@code hidden}
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
        @Key(byDefault = "0") int intermediate,
        @Key(byDefault = "1e-5", range = Key.Range.POSITIVE) double eps,
        @Key(byDefault = "true") boolean tiedHead,
        @Key(byDefault = "0", range = Key.Range.FRACTION) double dropout)
        implements LanguageModelConfig {
    public GptConfig {
        intermediate = intermediate == 0 ? (int) Math.min(Integer.MAX_VALUE, usualWidth(hidden)) : intermediate;
    }

    private static long usualWidth(long hidden) {
        return 4 * hidden;
    }

    /** GPT-2's choices: intermediate 4 hidden, eps 1e-5, tied head, no dropout. */
    public static GptConfig of(int vocab, int context, int hidden, int layers, int heads) {
        return new GptConfig(vocab, context, hidden, layers, heads, 0, 1e-5, true, 0);
    }

    @Override
    public Network create() {
        return new Gpt(this);
    }

    @Override
    public GptConfig withLayers(int count) {
        return new GptConfig(vocab, context, hidden, count, heads, intermediate, eps, tiedHead, dropout);
    }

    @Override
    public void check(KeyRules rules) {
        LanguageModelConfig.checkWidth(rules, hidden, intermediate, usualWidth(hidden));
        rules.divides("hidden", hidden, "heads", heads);
        rules.splitsOverModel("heads", heads);
        rules.splitsOverModel("intermediate", intermediate);
    }

    /** Elements per head. */
    public int headSize() {
        return hidden / heads;
    }
}
