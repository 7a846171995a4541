package dev.tartan.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.collective.MeshCommunicators;
import dev.tartan.collective.local.LocalMesh;
import dev.tartan.train.graph.RunMesh;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProcessRanksTest {
    private final MeshCommunicators mesh = LocalMesh.create(RunMesh.AXES, new int[] {3, 2}, Duration.ofSeconds(10));

    @Test
    void processesHoldConsecutiveRanks() {
        ProcessRanks second = new ProcessRanks(1, 3, mesh);
        assertThat(second.ranks().boxed().toList()).isEqualTo(List.of(2, 3));
        assertThat(second.holdsRankZero()).isFalse();
        ProcessRanks alone = new ProcessRanks(0, 1, mesh);
        assertThat(alone.ranks().boxed().toList()).isEqualTo(List.of(0, 1, 2, 3, 4, 5));
        assertThat(alone.holdsRankZero()).isTrue();
    }

    @Test
    void ranksMustDivideEvenly() {
        assertThatThrownBy(() -> new ProcessRanks(0, 4, mesh))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("ranks do not divide evenly over processes: numRanks=6, numProcesses=4. Let the number of"
                        + " processes divide that of ranks.");
        assertThatThrownBy(() -> new ProcessRanks(0, 0, mesh)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void processMustExist() {
        assertThatThrownBy(() -> new ProcessRanks(2, 2, mesh))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("process does not exist: process=2, numProcesses=2. Use processes from 0 to 1.");
    }
}
