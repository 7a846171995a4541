package dev.tartan.network;

/**
 * The sizes of a {@link Llama}.
 *
 * @param vocab number of different tokens
 * @param context largest number of positions
 * @param hidden width of the residual stream
 * @param layers number of blocks
 * @param heads number of query heads, which divides {@code hidden}
 * @param kvHeads number of key and value heads, which divides {@code heads}
 * @param intermediate width inside the MLP
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
        int kvHeads,
        int intermediate,
        double ropeTheta,
        double eps,
        boolean tiedHead,
        double dropout)
        implements LanguageModelConfig {
    @Override
    public Network create() {
        return new Llama(this);
    }

    @Override
    public LlamaConfig withLayers(int count) {
        return new LlamaConfig(
                vocab, context, hidden, count, heads, kvHeads, intermediate, ropeTheta, eps, tiedHead, dropout);
    }

    void check() {
        LanguageModel.checkLayers(layers);
        if (hidden % heads != 0 || hidden / heads % 2 != 0) {
            throw new IllegalArgumentException("hidden does not give heads of even size: hidden=" + hidden + ", heads="
                    + heads + ". Make hidden / heads an even number.");
        }
        if (heads % kvHeads != 0) {
            throw new IllegalArgumentException("heads is not divisible by kvHeads: heads=" + heads + ", kvHeads="
                    + kvHeads + ". Change one of them.");
        }
    }

    /** Elements per head. */
    public int headSize() {
        return hidden / heads;
    }
}
