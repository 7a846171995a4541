package dev.tartan.network;

/**
 * The sizes of a {@link Llama}.
 *
 * @param vocab number of different tokens
 * @param context largest number of positions
 * @param hidden width of the residual stream
 * @param layers number of blocks
 * @param heads number of query heads, which divides {@code hidden}
 * @param kvHeads number of key and value heads, which divides {@code heads}; 0 for as many
 * @param intermediate width inside the MLP; 0 for 8/3 of {@code hidden}, rounded up to a multiple of 64
 * @param ropeTheta base of the rotary embedding's wavelengths
 * @param eps what RMS norm adds to the mean square
 * @param tiedHead whether the output layer is the token embedding
 * @param dropout share of activations dropped in training, after each residual branch
 */
public record LlamaConfig(
        int vocab,
        int context,
        int hidden,
        int layers,
        int heads,
        @Key(byDefault = "0") int kvHeads,
        @Key(byDefault = "0") int intermediate,

        @Key(byDefault = "10000", range = Key.Range.POSITIVE)
        double ropeTheta,

        @Key(byDefault = "1e-5", range = Key.Range.POSITIVE) double eps,
        @Key(byDefault = "false") boolean tiedHead,
        @Key(byDefault = "0", range = Key.Range.FRACTION) double dropout)
        implements LanguageModelConfig {
    private static final int WIDTH_MULTIPLE = 64;

    public LlamaConfig {
        kvHeads = kvHeads == 0 ? heads : kvHeads;
        intermediate = intermediate == 0 ? (int) Math.min(Integer.MAX_VALUE, usualWidth(hidden)) : intermediate;
    }

    private static long usualWidth(long hidden) {
        return (8 * hidden / 3 + WIDTH_MULTIPLE - 1) / WIDTH_MULTIPLE * WIDTH_MULTIPLE;
    }

    @Override
    public Network create() {
        return new Llama(this);
    }

    @Override
    public LlamaConfig withLayers(int count) {
        return new LlamaConfig(
                vocab, context, hidden, count, heads, kvHeads, intermediate, ropeTheta, eps, tiedHead, dropout);
    }

    @Override
    public void check(KeyRules rules) {
        LanguageModelConfig.checkWidth(rules, hidden, intermediate, usualWidth(hidden));
        rules.divides("hidden", hidden, "heads", heads);
        rules.splitsOverModel("heads", heads);
        rules.splitsOverModel("intermediate", intermediate);
        rules.divides("heads", heads, "kvHeads", kvHeads);
        int headDim = hidden / heads;
        rules.require(
                headDim % 2 == 0,
                "hidden",
                "heads",
                "gives heads of odd size, which rotary embedding cannot turn: hidden=" + hidden + ", heads=" + heads
                        + ", headDim=" + headDim + ". Make hidden / heads even.");
    }

    /** Elements per head. */
    public int headSize() {
        return hidden / heads;
    }
}
