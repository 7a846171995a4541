package dev.tartan.network;

import static dev.tartan.mesh.PartitionSpec.spec;

/** How {@link Mlp} is split over mesh axis {@code model}. */
final class MlpLayout {
    private MlpLayout() {}

    /**
     * Pairs of layers, the first split by columns and the second by rows, so each pair costs one all-reduce. A last
     * layer without a partner stays whole.
     */
    static Layout tensorParallel(int numLayers) {
        Layout layout = Layout.replicated();
        for (int i = 0; i + 1 < numLayers; i += 2) {
            layout = layout.with("layers." + i + ".weight", spec(null, "model"))
                    .with("layers." + i + ".bias", spec("model"))
                    .with("layers." + (i + 1) + ".weight", spec("model", null));
        }
        return layout;
    }
}
