package dev.tartan.autodiff;

import static dev.tartan.mesh.Shape.shape;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.graph.DType;
import dev.tartan.graph.GraphBuilder;
import dev.tartan.graph.TensorType;
import dev.tartan.op.Tensor;
import dev.tartan.op.reference.HostTensor;
import dev.tartan.op.reference.ReferenceInterpreter;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class JoinedPiecesTest {
    private static final TensorType TYPE = new TensorType(DType.FLOAT64, shape(2, 6));

    private final GraphBuilder graph = new GraphBuilder("slices");
    private final Tensor x = Tensor.input(graph, "x", TYPE);

    private dev.tartan.graph.Graph gradientOf(Tensor loss) {
        return graph.build(Map.of("dx", Gradients.of(loss, List.of(x)).get(0).value()));
    }

    private double[] run(dev.tartan.graph.Graph built) {
        return ReferenceInterpreter.run(built, List.of(HostTensor.generate(TYPE, i -> i)))
                .get("dx")
                .data();
    }

    @Test
    void gradientsOfSlicesThatTileAreJoined() {
        Tensor loss = x.slice(1, 4, 2)
                .mul(3)
                .sumAll()
                .add(x.slice(1, 0, 1).mul(5).sumAll())
                .add(x.slice(1, 1, 3).mul(7).sumAll());
        dev.tartan.graph.Graph built = gradientOf(loss);
        assertThat(built.toString())
                .contains("concat dim=1")
                .doesNotContain("pad")
                .doesNotContain("add_n");
        assertThat(run(built)).containsExactly(5, 7, 7, 7, 3, 3, 5, 7, 7, 7, 3, 3);
    }

    @Test
    void slicesThatOverlapOrLeaveGapsAreAdded() {
        Tensor overlapping =
                x.slice(1, 0, 4).sumAll().add(x.slice(1, 2, 4).mul(2).sumAll());
        dev.tartan.graph.Graph built = gradientOf(overlapping);
        assertThat(built.toString()).contains("add_n").doesNotContain("concat");
        assertThat(run(built)).containsExactly(1, 1, 3, 3, 2, 2, 1, 1, 3, 3, 2, 2);
        Tensor gap = x.slice(1, 0, 2).sumAll().add(x.slice(1, 3, 3).sumAll());
        assertThat(run(gradientOf(gap))).containsExactly(1, 1, 0, 1, 1, 1, 1, 1, 0, 1, 1, 1);
        Tensor crossing = x.slice(0, 0, 1).sumAll().add(x.slice(1, 0, 3).sumAll());
        assertThat(run(gradientOf(crossing))).containsExactly(2, 2, 2, 1, 1, 1, 1, 1, 1, 0, 0, 0);
    }
}
