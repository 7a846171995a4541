package dev.tartan.train.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.mesh.Device;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.Shape;
import dev.tartan.train.config.StrategyConfig;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RunMeshTest {
    private static final StrategyConfig SPLIT = StrategyConfig.defaults().withZero(3);

    @Test
    void groupsOfShardsAreConsecutiveRanks() {
        Mesh mesh = RunMesh.of(4, 2, SPLIT.withShard(2));
        assertThat(mesh).hasToString("mesh(replica=2, data=2, model=2)");
        assertThat(mesh.coordinate(3, RunMesh.REPLICA_AXIS)).isZero();
        assertThat(mesh.coordinate(4, RunMesh.REPLICA_AXIS)).isEqualTo(1);
    }

    @Test
    void allOfDataIsTheMeshWithoutReplicas() {
        assertThat(RunMesh.of(4, 2, SPLIT)).isEqualTo(RunMesh.of(4, 2));
        assertThat(RunMesh.of(4, 2, SPLIT.withShard(4))).isEqualTo(RunMesh.of(4, 2));
        assertThat(RunMesh.of(1, 2, SPLIT.withShard(1))).isEqualTo(RunMesh.of(1, 2));
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "2, 1", "4, 1", "4, 2", "6, 2"})
    void whoHasWhichSamplesDoesNotDependOnShards(int data, int model) {
        for (int shard = 1; shard <= data; shard++) {
            if (data % shard == 0) {
                Mesh mesh = RunMesh.of(data, model, SPLIT.withShard(shard));
                assertThat(RunMesh.numDataRanks(mesh)).isEqualTo(data);
                for (int rank = 0; rank < mesh.numRanks(); rank++) {
                    assertThat(RunMesh.dataRank(mesh, rank)).isEqualTo(rank / model);
                }
            }
        }
    }

    @Test
    void aMeshThatDoesNotSplitTheBatchHasOneDataRank() {
        Mesh mesh = Mesh.of(Device.cpus(2), Shape.shape(2), RunMesh.MODEL_AXIS);
        assertThat(RunMesh.batchAxes(mesh)).isEqualTo(List.of());
        assertThat(RunMesh.numDataRanks(mesh)).isEqualTo(1);
        assertThat(RunMesh.dataRank(mesh, 1)).isZero();
    }

    @Test
    void aShardThatDoesNotDivideIsRefused() {
        for (int shard : new int[] {3, 8}) {
            assertThatThrownBy(() -> RunMesh.of(4, 1, SPLIT.withShard(shard)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("strategy.shard does not divide mesh.data: strategy.shard=" + shard
                            + ", mesh.data=4. Change one of them, or set strategy.shard=0 to split over all of data.");
        }
    }

    @Test
    void aShardOfNothingIsRefused() {
        assertThatThrownBy(() -> RunMesh.of(4, 1, SPLIT.withZero(0).withShard(2)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("strategy.shard says over how many ranks ZeRO splits, but at stage 0 it splits nothing:"
                        + " strategy.shard=2, strategy.zero=0. Set strategy.zero to 1, 2 or 3, or leave strategy.shard"
                        + " out.");
    }
}
