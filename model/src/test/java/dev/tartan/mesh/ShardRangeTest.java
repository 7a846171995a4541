package dev.tartan.mesh;

import static dev.tartan.mesh.PartitionSpec.axes;
import static dev.tartan.mesh.PartitionSpec.spec;
import static dev.tartan.mesh.Shape.shape;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ShardRangeTest {
    private final Mesh mesh = Mesh.of(Device.cpus(6), shape(2, 3), "data", "model");

    @Test
    void axesMajorToMinorOrderTheBlocks() {
        assertThat(ShardRange.of(mesh, List.of("data", "model"), 12, 4)).hasToString("8:10");
        assertThat(ShardRange.of(mesh, List.of("model", "data"), 12, 4)).hasToString("6:8");
        assertThat(ShardRange.of(mesh, List.of(), 12, 4)).hasToString("0:12");
    }

    @Test
    void blocksCoverEveryElementOnce() {
        NamedSharding sharding = NamedSharding.of(mesh, spec("model", "data"));
        Set<String> seen = new HashSet<>();
        for (int rank = 0; rank < 6; rank++) {
            List<ShardRange> block = ShardRange.block(sharding, shape(6, 4), rank);
            for (long i = block.get(0).start(); i < block.get(0).end(); i++) {
                for (long j = block.get(1).start(); j < block.get(1).end(); j++) {
                    assertThat(seen.add(i + "," + j)).isTrue();
                }
            }
        }
        assertThat(seen).hasSize(24);
        assertThat(sharding.localShape(shape(6, 4))).isEqualTo(shape(2, 2));
    }

    @Test
    void dimsThatAxesDoNotDivideAreRefused() {
        assertThatThrownBy(() -> ShardRange.of(mesh, List.of("model"), 10, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("dim is not divisible by mesh axes [model]: dimSize=10, shards=3. Pad the dim or leave it"
                        + " replicated.");
    }

    @Test
    void offsetsAreSymbolicUntilARankIsGiven() {
        ShardOffset offset = ShardOffset.of(mesh, axes("data", "model"), 12);
        assertThat(offset).hasToString("data.model*2");
        assertThat(offset.isSymbolic()).isTrue();
        for (int rank = 0; rank < 6; rank++) {
            assertThat(offset.at(mesh, rank).isSymbolic()).isFalse();
            assertThat(offset.at(mesh, rank).start())
                    .isEqualTo(
                            ShardRange.of(mesh, axes("data", "model"), 12, rank).start());
        }
    }

    @Test
    void wholeDimsBeginAtZero() {
        assertThat(ShardOffset.of(mesh, List.of(), 7))
                .isEqualTo(ShardOffset.ZERO)
                .hasToString("0");
        assertThat(ShardOffset.ZERO.at(mesh, 5)).isEqualTo(ShardOffset.ZERO);
    }

    @Test
    void paddingIsAtTheEndAndBelongsToNoRank() {
        NamedSharding sharding = NamedSharding.of(Mesh.of(Device.cpus(4), shape(4), "data"), spec("data", null));
        assertThat(ShardRange.paddedSize(5, 4)).isEqualTo(8);
        assertThat(ShardRange.paddedSize(0, 4)).isZero();
        assertThat(ShardRange.paddedShape(sharding, shape(5, 3))).isEqualTo(shape(8, 3));
        assertThat(ShardRange.blockWithoutPadding(sharding, shape(5, 3), 1)).hasToString("[2:4, 0:3]");
        assertThat(ShardRange.blockWithoutPadding(sharding, shape(5, 3), 2)).hasToString("[4:5, 0:3]");
        assertThat(ShardRange.blockWithoutPadding(sharding, shape(5, 3), 3)).hasToString("[5:5, 0:3]");
    }

    @Test
    void rangesIntersectInARangeOfTheSecond() {
        assertThat(new ShardRange(2, 4).intersect(new ShardRange(0, 3))).hasToString("2:3");
        assertThat(new ShardRange(0, 2).intersect(new ShardRange(3, 4))).hasToString("3:3");
        assertThat(new ShardRange(6, 2).intersect(new ShardRange(0, 5))).hasToString("5:5");
    }
}
