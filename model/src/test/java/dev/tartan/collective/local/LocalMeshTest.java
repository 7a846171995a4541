package dev.tartan.collective.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.collective.CollectiveException;
import dev.tartan.collective.Communicator;
import dev.tartan.collective.Elements;
import dev.tartan.graph.DType;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class LocalMeshTest {
    private static final Duration TIMEOUT = Duration.ofSeconds(10);

    /** Gathers every rank's mesh rank along {@code axes}: the order of its group as seen by communication. */
    private static List<List<Integer>> gathered(LocalMesh mesh, List<String> axes) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(mesh.numRanks());
        try {
            List<Future<List<Integer>>> futures = new ArrayList<>();
            for (int i = 0; i < mesh.numRanks(); i++) {
                int rank = i;
                futures.add(pool.submit(() -> {
                    Communicator communicator = mesh.communicator(rank, axes);
                    Elements own = Elements.allocate(DType.INT32, 1);
                    Elements all = Elements.allocate(DType.INT32, communicator.numRanks());
                    own.set(0, rank);
                    communicator.allGather(own.region(), all.region(), DType.INT32, "who");
                    List<Integer> group = new ArrayList<>();
                    for (int j = 0; j < all.count(); j++) {
                        group.add((int) all.get(j));
                    }
                    assertThat(group.get(communicator.rank())).isEqualTo(rank);
                    return group;
                }));
            }
            List<List<Integer>> groups = new ArrayList<>();
            for (Future<List<Integer>> future : futures) {
                groups.add(future.get());
            }
            return groups;
        } finally {
            pool.shutdownNow();
        }
    }

    @Test
    void groupsShareAllOtherCoordinates() throws Exception {
        LocalMesh mesh = LocalMesh.create(List.of("data", "model"), new int[] {2, 3}, TIMEOUT);
        assertThat(gathered(mesh, List.of("model")))
                .containsExactly(
                        List.of(0, 1, 2),
                        List.of(0, 1, 2),
                        List.of(0, 1, 2),
                        List.of(3, 4, 5),
                        List.of(3, 4, 5),
                        List.of(3, 4, 5));
        assertThat(gathered(mesh, List.of("data")))
                .containsExactly(
                        List.of(0, 3), List.of(1, 4), List.of(2, 5), List.of(0, 3), List.of(1, 4), List.of(2, 5));
        assertThat(gathered(mesh, List.of("data", "model")).get(4)).containsExactly(0, 1, 2, 3, 4, 5);
        assertThat(gathered(mesh, List.of("model", "data")).get(4)).containsExactly(0, 3, 1, 4, 2, 5);
        assertThat(gathered(mesh, List.of()).get(4)).containsExactly(4);
    }

    @Test
    void groupsOfThreeAxesFollowTheOrderGiven() throws Exception {
        LocalMesh mesh = LocalMesh.create(List.of("a", "b", "c"), new int[] {2, 2, 2}, TIMEOUT);
        assertThat(gathered(mesh, List.of("c", "a")).get(3)).containsExactly(2, 6, 3, 7);
        assertThat(mesh.communicator(3, List.of("c", "a")).axis()).isEqualTo("c,a");
    }

    @Test
    void theSameAxesGiveTheSameCommunicator() {
        LocalMesh mesh = LocalMesh.create(List.of("data", "model"), new int[] {2, 2}, TIMEOUT);
        assertThat(mesh.communicator(1, List.of("data"))).isSameAs(mesh.communicator(1, List.of("data")));
    }

    @Test
    void unknownAxesAndRanksAreNamed() {
        LocalMesh mesh = LocalMesh.create(List.of("data", "model"), new int[] {2, 2}, TIMEOUT);
        assertThatThrownBy(() -> mesh.communicator(0, List.of("modle")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("axes of a group are unknown or repeated: axes=[modle], meshAxes=[data, model]."
                        + " Name each mesh axis at most once.");
        assertThatThrownBy(() -> mesh.communicator(0, List.of("data", "data")))
                .hasMessageContaining("axes=[data, data]");
        assertThatThrownBy(() -> mesh.communicator(4, List.of("data")))
                .hasMessage("rank is not in the mesh: rank=4, numRanks=4. Use ranks from 0 to 3.");
        assertThatThrownBy(() -> LocalMesh.create(List.of("a", "a"), new int[] {2, 2}, TIMEOUT))
                .hasMessageContaining("axisNames=[a, a], axisSizes=[2, 2]");
    }

    @Test
    void aFailureInOneGroupReleasesRanksInAnother() throws Exception {
        LocalMesh mesh = LocalMesh.create(List.of("data", "model"), new int[] {2, 2}, Duration.ofSeconds(20));
        ExecutorService pool = Executors.newFixedThreadPool(1);
        try {
            Future<?> waiting =
                    pool.submit(() -> mesh.communicator(3, List.of("data")).barrier("t"));
            Thread.sleep(50);
            mesh.abort(0, new IllegalStateException("boom"));
            assertThatThrownBy(waiting::get)
                    .hasCauseInstanceOf(CollectiveException.class)
                    .hasMessageContaining("axis=data, tag='t', sequence=1, rank=3, missingRanks=[1]")
                    .hasMessageContaining("Rank 0 cannot go on: java.lang.IllegalStateException: boom");
        } finally {
            pool.shutdownNow();
        }
        assertThatThrownBy(() -> mesh.communicator(2, List.of("model")).barrier("t"))
                .isInstanceOf(CollectiveException.class);
    }

    @Test
    void totalsListEveryGroupOfARank() throws Exception {
        LocalMesh mesh = LocalMesh.create(List.of("data", "model"), new int[] {2, 2}, TIMEOUT);
        gathered(mesh, List.of("model"));
        gathered(mesh, List.of("data"));
        assertThat(mesh.totals(3).toString())
                .isEqualTo("[Total[op=ALL_GATHER, axis=model, count=1, bytes=8],"
                        + " Total[op=ALL_GATHER, axis=data, count=1, bytes=8]]");
    }
}
