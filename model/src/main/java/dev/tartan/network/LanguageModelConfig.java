package dev.tartan.network;

/** The sizes that all {@link LanguageModel}s of equal blocks have. */
public interface LanguageModelConfig extends DeepNetworkFactory, NetworkConfig {
    /** Number of different tokens. */
    int vocab();

    /** Tokens per sample. */
    int context();

    /** Width of the residual stream. */
    int hidden();

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

    /** Refuses a width that follows from {@code hidden} and is beyond what an int holds. */
    static void checkWidth(KeyRules rules, int hidden, int intermediate, long usual) {
        rules.require(
                intermediate != Integer.MAX_VALUE || usual <= Integer.MAX_VALUE,
                "hidden",
                "intermediate",
                "gives a network.intermediate beyond " + Integer.MAX_VALUE + ": hidden=" + hidden + ", intermediate="
                        + usual + ". Lower network.hidden, or give network.intermediate.");
    }
}
