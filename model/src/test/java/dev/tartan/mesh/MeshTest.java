package dev.tartan.mesh;

import static dev.tartan.mesh.Shape.shape;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class MeshTest {
    private final Mesh cube = Mesh.of(Device.cpus(12), shape(2, 3, 2), "pod", "data", "model");

    @Test
    void ranksAreInRowMajorOrderOfTheAxes() {
        for (int rank = 0; rank < 12; rank++) {
            assertThat(cube.coordinate(rank, "pod") * 6
                            + cube.coordinate(rank, "data") * 2
                            + cube.coordinate(rank, "model"))
                    .isEqualTo(rank);
        }
        assertThat(IntStream.range(0, 6).map(rank -> cube.coordinate(rank, "data")))
                .containsExactly(0, 0, 1, 1, 2, 2);
    }

    @Test
    void indexAlongReadsAxesMajorToMinor() {
        int rank = 1 * 6 + 2 * 2 + 1;
        assertThat(cube.indexAlong(rank, List.of("data", "model"))).isEqualTo(2 * 2 + 1);
        assertThat(cube.indexAlong(rank, List.of("model", "data"))).isEqualTo(1 * 3 + 2);
        assertThat(cube.indexAlong(rank, List.of())).isZero();
    }

    @Test
    void numShardsIsTheProductOfTheAxes() {
        assertThat(cube.numShards(List.of("pod", "data"))).isEqualTo(6);
        assertThat(cube.numShards(List.of())).isEqualTo(1);
        assertThat(cube.numRanks()).isEqualTo(12);
    }

    @Test
    void printsItsAxes() {
        assertThat(cube).hasToString("mesh(pod=2, data=3, model=2)");
        assertThat(Device.cpus(2)).hasToString("[cpu:0, cpu:1]");
    }

    @Test
    void shapeMustMatchTheDevices() {
        assertThatThrownBy(() -> Mesh.of(Device.cpus(3), shape(2, 2), "data", "model"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(
                        "mesh shape does not match the devices: shape=[2, 2], ranks=4, devices=3. The product of the"
                                + " axis sizes must be the number of devices.");
    }

    @Test
    void axesHaveOneNameEach() {
        assertThatThrownBy(() -> Mesh.of(Device.cpus(4), shape(2, 2), "data"))
                .hasMessage(
                        "mesh has 2 axis sizes but 1 axis names: sizes=[2, 2], names=[data]. Give one name per axis.");
        assertThatThrownBy(() -> Mesh.of(Device.cpus(4), shape(2, 2), "data", "data"))
                .hasMessage("mesh axis names repeat: names=[data, data]. Give each axis a name of its own.");
    }

    @Test
    void axesAreNotEmpty() {
        assertThatThrownBy(() -> Mesh.of(List.of(), shape(0), "data"))
                .hasMessage("mesh axis 'data' is empty: axisSize=0. Give a size of 1 or more.");
    }

    @Test
    void unknownAxesAreRefused() {
        assertThatThrownBy(() -> cube.axisSize("modle"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("mesh has no axis 'modle': axes=[pod, data, model]. Use one of the mesh's axes.");
    }
}
