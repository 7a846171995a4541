package dev.tartan.partition;

import static dev.tartan.mesh.PartitionSpec.spec;
import static dev.tartan.mesh.Shape.shape;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.graph.DType;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Device;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.NamedSharding;
import dev.tartan.mesh.Shape;
import dev.tartan.mesh.ShardRange;
import dev.tartan.op.reference.HostTensor;
import dev.tartan.op.reference.RowMajor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class MeshTransferTest {
    private static final Mesh TWO = Mesh.of(Device.cpus(2), shape(2), "data");
    private static final Mesh THREE = Mesh.of(Device.cpus(3), shape(3), "model");

    @ParameterizedTest
    @EnumSource
    void randomTransfersGiveTheSlicesOfTheWhole(MeshTransfer.Holder holder) {
        Random random = new Random(21);
        for (int i = 0; i < 800; i++) {
            Shape shape = RandomReshard.shape(random);
            NamedSharding from = draw(random, shape);
            NamedSharding to = draw(random, shape);
            TensorType type = new TensorType(DType.FLOAT64, shape);
            MeshTransfer transfer = Reshard.between(from, to, type, holder);
            RandomReshard before = new RandomReshard(from, from, type);
            RandomReshard after = new RandomReshard(to, to, type);
            for (int rank = 0; rank < to.mesh().numRanks(); rank++) {
                HostTensor expected = after.after(rank);
                HostTensor actual = HostTensor.generate(expected.type(), element -> 0);
                for (MeshTransfer.Piece piece : transfer.piecesOf(rank)) {
                    copy(before.before(piece.source()), piece.inSource(), actual, piece.inTarget());
                }
                assertThat(Arrays.equals(actual.data(), expected.data()))
                        .as("rank %s, expected %s, actual %s, %s", rank, expected, actual, transfer)
                        .isTrue();
                long elements = transfer.piecesOf(rank).stream()
                        .mapToLong(MeshTransfer.Piece::numElements)
                        .sum();
                assertThat(elements)
                        .as("elements taken by rank %s, each once: %s", rank, transfer)
                        .isEqualTo(ShardRange.blockWithoutPadding(to, shape, rank).stream()
                                .mapToLong(ShardRange::size)
                                .reduce(1, (a, b) -> a * b));
            }
        }
    }

    @Test
    void bordersOfTheSourceCutWhatATargetTakes() {
        NamedSharding from = NamedSharding.of(TWO, spec("data", null));
        NamedSharding to = NamedSharding.of(THREE, spec("model", null));
        assertThat(Reshard.between(from, to, shape(6, 8)).toString()).isEqualTo("""
                        f32[6, 8] from [data, -] on mesh(data=2) to [model, -] on mesh(model=3)
                          rank 0 keeps [0:2, 0:8], 64 B
                          rank 1 takes [2:3, 0:8] from rank 0, 32 B
                          rank 1 keeps [3:4, 0:8], 32 B
                          rank 2 takes [4:6, 0:8] from rank 1, 64 B
                        total: 192 B, 96 B of them from other ranks
                        """);
    }

    @Test
    void paddingIsNotTaken() {
        NamedSharding from = NamedSharding.of(TWO, spec("data"));
        NamedSharding to = NamedSharding.of(THREE, spec("model"));
        assertThat(Reshard.between(from, to, shape(4)).toString()).isEqualTo("""
                        f32[4] from [data] on mesh(data=2) to [model] on mesh(model=3)
                          rank 0 keeps [0:2], 8 B
                          rank 1 keeps [2:4], 8 B
                        total: 16 B, 0 B of them from other ranks
                        """);
    }

    @Test
    void holdersShareTheWorkUnlessTheFirstIsAskedFor() {
        NamedSharding from = NamedSharding.replicated(TWO, 1);
        NamedSharding to = NamedSharding.replicated(Mesh.of(Device.cpus(4), shape(4), "data"), 1);
        TensorType type = new TensorType(DType.FLOAT32, shape(3));
        assertThat(sources(Reshard.between(from, to, type, MeshTransfer.Holder.NEAREST)))
                .containsExactly(0, 1, 0, 1);
        assertThat(sources(Reshard.between(from, to, type, MeshTransfer.Holder.FIRST)))
                .containsExactly(0, 0, 0, 0);
    }

    @Test
    void pendingSumsAreRefused() {
        NamedSharding from = new NamedSharding(TWO, spec((Object) null), List.of("data"));
        assertThatThrownBy(() -> Reshard.between(from, NamedSharding.replicated(THREE, 1), shape(4)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("unreduced value cannot go to another mesh: from=[-] unreduced={data}, to=[-]. Reduce it on"
                        + " its own mesh first.");
    }

    private static List<Integer> sources(MeshTransfer transfer) {
        return transfer.pieces().stream().map(MeshTransfer.Piece::source).toList();
    }

    private static NamedSharding draw(Random random, Shape shape) {
        Mesh mesh = RandomReshard.mesh(random);
        return NamedSharding.of(mesh, RandomReshard.spec(random, mesh, shape.numDims(), List.of()));
    }

    private static void copy(HostTensor source, List<ShardRange> from, HostTensor target, List<ShardRange> to) {
        Shape box = Shape.shape(from.stream().mapToLong(ShardRange::size).toArray());
        for (int i = 0; i < box.numElements(); i++) {
            int[] index = RowMajor.index(box, i);
            int position = RowMajor.position(target.shape(), moved(index, to));
            assertThat(target.data()[position]).isZero();
            target.data()[position] = source.at(moved(index, from));
        }
    }

    private static int[] moved(int[] index, List<ShardRange> box) {
        List<Integer> moved = new ArrayList<>();
        for (int dim = 0; dim < index.length; dim++) {
            moved.add(index[dim] + Math.toIntExact(box.get(dim).start()));
        }
        return moved.stream().mapToInt(Integer::intValue).toArray();
    }
}
