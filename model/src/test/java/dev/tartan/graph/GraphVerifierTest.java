package dev.tartan.graph;

import static dev.tartan.mesh.Shape.shape;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.op.Unary;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class GraphVerifierTest {
    private static final TensorType TYPE = new TensorType(DType.FLOAT32, shape(2, 3));
    private static final Op EXP = new Unary(Unary.Kind.EXP);

    private final Value input = new Value(0, TYPE, "x");
    private final Value middle = new Value(1, TYPE, "");
    private final Value last = new Value(2, TYPE, "");

    @Test
    void aGraphInOrderIsAccepted() {
        assertThatCode(() -> verify(
                        List.of(input), List.of(node(0, input, middle), node(1, middle, last)), Map.of("y", last)))
                .doesNotThrowAnyException();
    }

    @Test
    void useBeforeDefinitionIsNamed() {
        assertThatThrownBy(() -> verify(
                        List.of(input), List.of(node(1, middle, last), node(0, input, middle)), Map.of("y", last)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("graph 'g' is broken at node 1: operand %1 is used before it is made,"
                        + " node=%2:f32[2, 3] = exp (%1), operandTypes=[f32[2, 3]]");
    }

    @Test
    void secondAssignmentIsNamed() {
        assertThatThrownBy(() -> verify(
                        List.of(input), List.of(node(0, input, middle), node(1, input, middle)), Map.of("y", middle)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("graph 'g' is broken at node 1: result %1 is assigned twice");
    }

    @Test
    void assignmentToAnInputIsNamed() {
        assertThatThrownBy(() -> verify(List.of(input), List.of(node(0, input, input)), Map.of("y", input)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("broken at node 0: result %0:x is assigned twice");
    }

    @Test
    void wrongResultTypesAreNamed() {
        Value wrong = new Value(1, TYPE.withShape(shape(3, 2)), "");
        assertThatThrownBy(() -> verify(List.of(input), List.of(node(0, input, wrong)), Map.of("y", wrong)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("graph 'g' is broken at node 0: result types differ from the op's: expected=[f32[2, 3]],"
                        + " node=%1:f32[3, 2] = exp (%0:x), operandTypes=[f32[2, 3]]");
    }

    @Test
    void operandsThatTheOpRefusesAreNamed() {
        Value integers = new Value(0, new TensorType(DType.INT32, shape(2)), "x");
        assertThatThrownBy(() -> verify(List.of(integers), List.of(node(0, integers, middle)), Map.of("y", middle)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("graph 'g' is broken at node 0: exp needs a floating-point operand");
    }

    @Test
    void outputsThatNothingMakesAreNamed() {
        assertThatThrownBy(() -> verify(List.of(input), List.of(node(0, input, middle)), Map.of("y", last)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("graph 'g' output 'y' is never made: value=%2");
    }

    @Test
    void repeatedInputsAreNamed() {
        assertThatThrownBy(() -> verify(List.of(input, input), List.of(), Map.of("y", input)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("graph 'g' lists an input twice");
    }

    private static Node node(int id, Value operand, Value result) {
        Node node = new Node(id, EXP, List.of(operand), List.of(result), Origin.NETWORK);
        if (result.name().isEmpty()) {
            result.setProducer(node);
        }
        return node;
    }

    private static void verify(List<Value> inputs, List<Node> nodes, Map<String, Value> outputs) {
        GraphVerifier.verify(new Graph("g", inputs, nodes, outputs));
    }
}
