package dev.tartan.op;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tartan.graph.Graph;
import dev.tartan.graph.GraphBuilder;
import dev.tartan.op.reference.HostTensor;
import dev.tartan.op.reference.OpCase;
import dev.tartan.op.reference.OpCases;
import dev.tartan.op.reference.ReferenceInterpreter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class DecomposeTest {
    // A few hundred roundings of 1e-16 on numbers up to about 100; two formulas, so not bitwise.
    private static final double TOLERANCE = 1e-12;

    static Stream<OpCase> decomposableCases() {
        return OpCases.all().stream().filter(example -> example.op() instanceof DecomposableOp);
    }

    @ParameterizedTest
    @MethodSource("decomposableCases")
    void decompositionGivesWhatTheFusedOpGives(OpCase example) {
        GraphBuilder builder = new GraphBuilder("decomposed");
        List<Tensor> operands = new ArrayList<>();
        for (int i = 0; i < example.operands().size(); i++) {
            operands.add(
                    Tensor.input(builder, "in" + i, example.operands().get(i).type()));
        }
        List<Tensor> results = ((DecomposableOp) example.op()).decompose(operands);
        Map<String, dev.tartan.graph.Value> outputs = new LinkedHashMap<>();
        for (int i = 0; i < results.size(); i++) {
            outputs.put("out" + i, results.get(i).value());
        }
        Graph graph = builder.build(outputs);
        List<HostTensor> actual =
                List.copyOf(ReferenceInterpreter.run(graph, example.operands()).values());
        List<HostTensor> expected = example.results();
        assertThat(actual.stream().map(HostTensor::type))
                .containsExactlyElementsOf(
                        expected.stream().map(HostTensor::type).toList());
        for (int i = 0; i < expected.size(); i++) {
            for (int j = 0; j < expected.get(i).data().length; j++) {
                double wanted = expected.get(i).data()[j];
                assertThat(actual.get(i).data()[j])
                        .as("result %d element %d of\n%s", i, j, graph)
                        .isCloseTo(wanted, within(TOLERANCE * Math.max(1, Math.abs(wanted))));
            }
        }
    }
}
