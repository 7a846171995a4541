package dev.tartan.dl4j;

import dev.tartan.network.Param;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.conf.InputPreProcessor;
import org.jspecify.annotations.Nullable;

/**
 * A layer or vertex and where its inputs come from.
 *
 * @param name of the vertex, or number of the layer
 * @param inputs names of nodes or network inputs
 * @param layer null for a vertex without layer
 * @param vertex null for a layer
 * @param rows how many rows a sample has in the inputs; more than 1 after a StackVertex
 */
record NetworkNode(
        String name,
        List<String> inputs,
        @Nullable InputPreProcessor preprocessor,
        @Nullable LayerModule layer,
        @Nullable VertexFunction vertex,
        int rows) {
    NetworkNode {
        inputs = List.copyOf(inputs);
    }

    /** The parameters by DL4J's names of them within the layer. */
    Map<String, Param> params() {
        return layer == null ? Map.of() : layer.byKey();
    }

    /** The input of the layer, preprocessed. */
    Signal prepared(Signal in, long batch) {
        return preprocessor == null ? in : Preprocessors.apply(preprocessor, in, batch * rows);
    }
}
