package dev.tartan.dl4j;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.PreprocessorVertex;
import org.deeplearning4j.nn.conf.graph.StackVertex;
import org.deeplearning4j.nn.conf.graph.UnstackVertex;
import org.deeplearning4j.nn.conf.graph.rnn.DuplicateToTimeSeriesVertex;
import org.deeplearning4j.nn.conf.graph.rnn.LastTimeStepVertex;
import org.deeplearning4j.nn.conf.graph.rnn.ReverseTimeSeriesVertex;

/**
 * Where a graph's values have several rows a sample, between StackVertex and UnstackVertex. An UnstackVertex is known
 * only if it takes apart what a StackVertex of as many inputs has put together.
 */
final class StackedRows {
    private final ComputationGraphConfiguration configuration;
    private final KnownParts known;

    /** The sizes of the stacks that a value is in, the outermost last. */
    private final Map<String, List<Integer>> stacks = new LinkedHashMap<>();

    private StackedRows(ComputationGraphConfiguration configuration, KnownParts known) {
        this.configuration = configuration;
        this.known = known;
    }

    /**
     * Rows a sample of each vertex.
     *
     * @param order each vertex after those it takes from
     * @param known takes what is refused
     */
    static Map<String, Integer> of(ComputationGraphConfiguration configuration, List<String> order, KnownParts known) {
        StackedRows rows = new StackedRows(configuration, known);
        configuration.getNetworkInputs().forEach(input -> rows.stacks.put(input, List.of()));
        order.forEach(rows::follow);
        for (String output : configuration.getNetworkOutputs()) {
            if (!rows.stack(output).isEmpty()) {
                known.refuse(output, "output of inputs that StackVertex has put together");
            }
        }
        Map<String, Integer> counts = new LinkedHashMap<>();
        rows.stacks.forEach((name, sizes) -> counts.put(name, sizes.stream().reduce(1, Math::multiplyExact)));
        return Collections.unmodifiableMap(counts);
    }

    private List<Integer> stack(String name) {
        return Objects.requireNonNull(stacks.get(name), name);
    }

    private void follow(String name) {
        GraphVertex vertex = Objects.requireNonNull(configuration.getVertices().get(name), name);
        List<String> inputs =
                Objects.requireNonNull(configuration.getVertexInputs().get(name), name);
        List<Integer> sizes = new ArrayList<>(stack(inputs.get(0)));
        if (inputs.stream().anyMatch(input -> !stack(input).equals(sizes))) {
            known.refuse(name, "inputs of which StackVertex has put some together");
        }
        if (vertex instanceof StackVertex) {
            sizes.add(inputs.size());
        } else if (vertex instanceof UnstackVertex unstack) {
            int last = sizes.isEmpty() ? 0 : sizes.remove(sizes.size() - 1);
            if (last != unstack.getStackSize()) {
                known.refuse(
                        name,
                        "UnstackVertex of " + unstack.getStackSize()
                                + " that follows no StackVertex of as many inputs");
            }
        } else if (!sizes.isEmpty() && knowsSamples(vertex)) {
            known.refuse(name, vertex.getClass().getSimpleName() + " of inputs that StackVertex has put together");
        }
        stacks.put(name, List.copyOf(sizes));
    }

    /** Whether a vertex also looks at an input of the network, or at the number of samples. */
    private static boolean knowsSamples(GraphVertex vertex) {
        return vertex instanceof PreprocessorVertex
                || vertex instanceof DuplicateToTimeSeriesVertex
                || (vertex instanceof LastTimeStepVertex last && last.getMaskArrayInputName() != null)
                || (vertex instanceof ReverseTimeSeriesVertex reverse && reverse.getMaskArrayInputName() != null);
    }
}
