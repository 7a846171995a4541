package dev.tartan.network;

import static dev.tartan.mesh.Shape.shape;
import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.graph.Block;
import dev.tartan.graph.DType;
import dev.tartan.graph.GraphBuilder;
import dev.tartan.graph.Node;
import dev.tartan.graph.Origin;
import dev.tartan.graph.Phase;
import dev.tartan.graph.TensorType;
import dev.tartan.op.Activation;
import dev.tartan.op.Tensor;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Which block a module lies in. */
class BlockTest {
    /** A module whose parts the test declares. */
    private static final class Part extends Module {
        Part with(String name, Part part) {
            child(name, part);
            return this;
        }

        Part withBlock(String name, Part part) {
            block(name, part);
            return this;
        }
    }

    private final Part leaf = new Part();

    @Test
    void aNetworkTellsItsBlocks() {
        new Part().withBlock("blocks.3", new Part().with("attn", leaf));
        assertThat(leaf.block()).isEqualTo(new Block("blocks", 3)).hasToString("blocks.3");
        assertThat(leaf.origin(Phase.BACKWARD)).hasToString("~blocks.3.attn");
        assertThat(leaf.origin(Phase.UPDATE)).hasToString("optimizer.blocks.3.attn");
    }

    @Test
    void aBlockNeedsNoNumber() {
        Part other = new Part();
        new Part().withBlock("stem", leaf).withBlock("body", other);
        assertThat(leaf.block()).isEqualTo(new Block("stem", Block.ALONE)).hasToString("stem");
        assertThat(other.block()).isNotEqualTo(leaf.block());
    }

    @Test
    void blocksLieAnywhereInTheTree() {
        new Part().with("encoder", new Part().with("stages.1", new Part().withBlock("layer.0", leaf)));
        assertThat(leaf.block()).isEqualTo(new Block("encoder.stages.1.layer", 0));
    }

    @Test
    void theOutermostOfNestedBlocksCounts() {
        new Part().withBlock("h.1", new Part().withBlock("experts.0", leaf));
        assertThat(leaf.block()).isEqualTo(new Block("h", 1));
    }

    @Test
    void whoTellsBlocksHasNoOthers() {
        new Part().with("heads.0", leaf).withBlock("h.0", new Part());
        assertThat(leaf.block()).isNull();
    }

    /** Whether parts are declared from the leaves or from the root. */
    @Test
    void whoTellsBlocksDeepDownHasNoOthersEither() {
        Part inner = new Part();
        Part middle = new Part();
        new Part().with("heads.0", leaf).with("body", middle);
        middle.with("inner", inner);
        assertThat(leaf.block()).isEqualTo(new Block("heads", 0));
        inner.withBlock("h.0", new Part());
        assertThat(leaf.block()).isNull();
    }

    @Test
    void elementsOfTheOutermostListAreBlocksOfANetworkThatTellsNone() {
        new Part()
                .with("body", new Part().with("layers.12", new Part().with("experts.1", new Part().with("w2", leaf))));
        assertThat(leaf.block()).isEqualTo(new Block("body.layers", 12));
        Part flat = new Part();
        new Part().with("h.0.attn", flat);
        assertThat(flat.block()).isEqualTo(new Block("h", 0));
        Part sequential = new Part();
        new Part().with("0", sequential);
        assertThat(sequential.block()).isEqualTo(new Block("", 0)).hasToString("0");
    }

    @Test
    void digitsWithinANameMakeNoList() {
        new Part().with("ln_1", new Part().with("w2", leaf));
        assertThat(leaf.block()).isNull();
        assertThat(new Part().block()).isNull();
    }

    @Test
    void nodesCarryModuleAndBlock() {
        GraphBuilder graph = new GraphBuilder("mlp");
        Mlp mlp = new Mlp(4, List.of(8), 2, Activation.RELU);
        Tensor x = Tensor.input(graph, "x", new TensorType(DType.FLOAT32, shape(3, 4)));
        mlp.logits(x);
        assertThat(graph.nodes())
                .extracting(Node::origin)
                .containsOnly(
                        new Origin(Phase.FORWARD, "layers.0", new Block("layers", 0)),
                        Origin.NETWORK,
                        new Origin(Phase.FORWARD, "layers.1", new Block("layers", 1)));
    }
}
