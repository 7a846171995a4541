package dev.tartan.network;

import static dev.tartan.mesh.PartitionSpec.spec;

import dev.tartan.mesh.PartitionSpec;
import java.util.LinkedHashMap;
import java.util.Map;

/** How {@link Mlp} is split over mesh axis {@code model}. */
final class MlpLayout {
    private MlpLayout() {}

    /**
     * Pairs of layers, the first split by columns and the second by rows, so each pair costs one all-reduce. A last
     * layer without a partner stays whole.
     */
    static Layout tensorParallel(int numLayers) {
        Map<String, PartitionSpec> specs = new LinkedHashMap<>();
        for (int i = 0; i + 1 < numLayers; i += 2) {
            specs.put("layers." + i + ".weight", spec(null, "model"));
            specs.put("layers." + i + ".bias", spec("model"));
            specs.put("layers." + (i + 1) + ".weight", spec("model", null));
        }
        return new Layout(specs);
    }
}
