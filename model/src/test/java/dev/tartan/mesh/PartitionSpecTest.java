package dev.tartan.mesh;

import static dev.tartan.mesh.PartitionSpec.axes;
import static dev.tartan.mesh.PartitionSpec.spec;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class PartitionSpecTest {
    @Test
    void entriesAreNoAxisOneAxisOrSeveral() {
        PartitionSpec spec = spec("data", null, axes("pod", "model"));
        assertThat(spec).hasToString("[data, -, (pod model)]");
        assertThat(spec.axesOf(2)).containsExactly("pod", "model");
        assertThat(spec.axesOf(7)).isEmpty();
        assertThat(spec.usedAxes()).containsExactly("data", "pod", "model");
        assertThat(spec.isReplicated()).isFalse();
    }

    @Test
    void missingEntriesAreWholeDims() {
        assertThat(spec("data").extendedTo(3)).isEqualTo(spec("data", null, null));
        assertThat(PartitionSpec.replicated(2)).isEqualTo(spec(null, null));
        assertThat(PartitionSpec.replicated(2).isReplicated()).isTrue();
    }

    @Test
    void oneEntryCanBeReplaced() {
        assertThat(spec("data", null).with(1, List.of("model"))).isEqualTo(spec("data", "model"));
    }

    @Test
    void anAxisSplitsOneDimOnly() {
        assertThatThrownBy(() -> spec("data", "data"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "partition spec uses axis 'data' twice: spec=[[data], [data]]. An axis can split one dim only.");
    }

    @Test
    void aSpecIsNoLongerThanTheArray() {
        assertThatThrownBy(() -> spec("data", null).extendedTo(1))
                .hasMessage(
                        "partition spec is longer than the array: spec=[data, -], numDims=1. Give at most one entry per"
                                + " dim.");
    }

    @Test
    void otherEntriesAreRefused() {
        assertThatThrownBy(() -> spec(3))
                .hasMessage(
                        "partition spec entry is not an axis: entry=3. Use null, an axis name or a list of axis names.");
        assertThatThrownBy(() -> spec(List.of("data", 1)))
                .hasMessage("partition spec entry is not an axis: entry=1. Use axis names in a list of axes.");
    }
}
