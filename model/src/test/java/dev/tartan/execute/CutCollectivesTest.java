package dev.tartan.execute;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.CollectiveOp;
import dev.tartan.collective.Communicator;
import dev.tartan.collective.MemoryRegion;
import dev.tartan.collective.ReduceKind;
import dev.tartan.collective.algorithm.AlgorithmChoice;
import dev.tartan.collective.process.SpawnRanks;
import dev.tartan.collective.process.SpawnRanks.Wiring;
import dev.tartan.graph.DType;
import dev.tartan.graph.Reduction;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import dev.tartan.partition.AllGather;
import dev.tartan.partition.AllReduce;
import dev.tartan.partition.AllToAll;
import dev.tartan.partition.Collective;
import dev.tartan.partition.ReduceScatter;
import dev.tartan.plan.CollectiveCut;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What is done in chunks has the bits of what is done in one piece, whatever the algorithm. */
@Tag("slow")
class CutCollectivesTest {
    private static final List<String> ALONG = List.of("data");
    /** Elements of a rank: few, a prime number, and so many that chunks of algorithms begin at cache lines. */
    private static final List<Integer> LENGTHS = List.of(0, 1, 40, 1009, 20_011);

    private static final List<Long> CHUNK_BYTES = List.of(256L, 4096L, 40_000L);

    /** Op, algorithm, how processes are joined, ranks, ranks of a process. */
    static Stream<Arguments> grid() {
        List<Arguments> all = new ArrayList<>();
        for (int numRanks : new int[] {2, 3, 5}) {
            for (String name : List.of("ring", "doubling", "halving-doubling", "direct")) {
                all.add(Arguments.of(CollectiveOp.ALL_REDUCE, name, Wiring.SHM, numRanks, 1));
            }
            all.add(Arguments.of(CollectiveOp.REDUCE_SCATTER, "ring", Wiring.SHM, numRanks, 1));
            all.add(Arguments.of(CollectiveOp.REDUCE_SCATTER, "direct", Wiring.TCP, numRanks, 1));
            all.add(Arguments.of(CollectiveOp.ALL_GATHER, "ring", Wiring.SHM, numRanks, 1));
            all.add(Arguments.of(CollectiveOp.ALL_TO_ALL, "pairwise", Wiring.SHM, numRanks, 1));
        }
        for (int ranksPerProcess : new int[] {2, 3}) {
            all.add(Arguments.of(CollectiveOp.ALL_REDUCE, "hierarchical", Wiring.TCP, 6, ranksPerProcess));
            all.add(Arguments.of(CollectiveOp.REDUCE_SCATTER, "hierarchical", Wiring.TCP, 6, ranksPerProcess));
            all.add(Arguments.of(CollectiveOp.ALL_GATHER, "hierarchical", Wiring.TCP, 6, ranksPerProcess));
        }
        return all.stream();
    }

    @ParameterizedTest
    @MethodSource("grid")
    void chunksHaveTheBitsOfTheWhole(
            CollectiveOp op, String algorithm, Wiring wiring, int numRanks, int ranksPerProcess) {
        AlgorithmChoice choice =
                AlgorithmChoice.defaults().withSegmentBytes(1024).with(op, algorithm);
        SpawnRanks.of(wiring, numRanks)
                .withRanksPerProcess(ranksPerProcess)
                .with(choice)
                .run((rank, communicator) -> {
                    for (DType type : List.of(DType.FLOAT32, DType.FLOAT64)) {
                        for (int length : LENGTHS) {
                            new Comparison(op, type, length, communicator).run();
                        }
                    }
                });
    }

    /** One collective, done in one piece and in chunks of several sizes. */
    private static final class Comparison {
        private final Communicator communicator;
        private final Collective op;
        private final TensorType operand;
        private final TensorType result;
        private final ByteBuffer input;

        Comparison(CollectiveOp kind, DType type, int length, Communicator communicator) {
            this.communicator = communicator;
            int numRanks = communicator.numRanks();
            this.op = op(kind, numRanks);
            boolean hasParts = kind == CollectiveOp.REDUCE_SCATTER || kind == CollectiveOp.ALL_TO_ALL;
            this.operand = new TensorType(type, hasParts ? Shape.shape(numRanks, length) : Shape.shape(length));
            this.result = op.resultTypes(List.of(operand)).get(0);
            this.input = allocate(operand);
            Random random = new Random(communicator.rank() + 31L * length);
            for (int i = 0; i < operand.shape().numElements(); i++) {
                if (type == DType.FLOAT32) {
                    input.putFloat(4 * i, (float) random.nextGaussian());
                } else {
                    input.putDouble(8 * i, random.nextGaussian());
                }
            }
        }

        void run() {
            ByteBuffer whole = allocate(result);
            communicator.run(call(MemoryRegion.of(input), MemoryRegion.of(whole)));
            for (long chunkBytes : CHUNK_BYTES) {
                ByteBuffer inChunks = allocate(result);
                CollectiveCut cut = CollectiveCut.of(op, operand, result, chunkBytes);
                for (int chunk = 0; chunk < cut.numChunks(); chunk++) {
                    run(cut, chunk, inChunks);
                }
                if (!inChunks.equals(whole)) {
                    throw new AssertionError("bits differ: op=" + op.name() + ", operand=" + operand + ", chunkBytes="
                            + chunkBytes + ", firstAtByte=" + inChunks.mismatch(whole));
                }
            }
        }

        private void run(CollectiveCut cut, int chunk, ByteBuffer output) {
            int rank = communicator.rank();
            int bytes = operand.dtype().bytes();
            // What nobody fills must not matter.
            ByteBuffer slot = ByteBuffer.allocateDirect(Math.toIntExact(cut.slotElements(chunk) * bytes));
            for (int i = 0; i < slot.capacity(); i++) {
                slot.put(i, (byte) -1);
            }
            for (CollectiveCut.Piece piece : cut.operandPieces(chunk, rank)) {
                copy(input, piece.element() * bytes, slot, piece.slotElement() * bytes, piece.count() * bytes);
            }
            communicator.run(call(view(slot, cut.operandView(chunk, rank)), view(slot, cut.resultView(chunk, rank))));
            for (CollectiveCut.Piece piece : cut.resultPieces(chunk, rank)) {
                copy(slot, piece.slotElement() * bytes, output, piece.element() * bytes, piece.count() * bytes);
            }
        }

        private MemoryRegion view(ByteBuffer slot, CollectiveCut.View view) {
            int bytes = operand.dtype().bytes();
            return MemoryRegion.of(slot).slice(view.first() * bytes, view.count() * bytes);
        }

        private static void copy(ByteBuffer from, long at, ByteBuffer to, long target, long bytes) {
            to.put((int) target, from, (int) at, (int) bytes);
        }

        private static ByteBuffer allocate(TensorType type) {
            return ByteBuffer.allocateDirect(Math.toIntExact(type.bytes())).order(ByteOrder.nativeOrder());
        }

        private static Collective op(CollectiveOp kind, int numRanks) {
            return switch (kind) {
                case ALL_REDUCE -> new AllReduce(ALONG, numRanks, Reduction.SUM);
                case REDUCE_SCATTER -> new ReduceScatter(ALONG, numRanks);
                case ALL_GATHER -> new AllGather(ALONG, numRanks);
                default -> new AllToAll(ALONG, numRanks);
            };
        }

        private CollectiveCall call(MemoryRegion from, MemoryRegion to) {
            DType type = operand.dtype();
            if (op instanceof AllReduce) {
                return CollectiveCall.allReduce(from, to, type, ReduceKind.SUM, "t");
            }
            if (op instanceof ReduceScatter) {
                return CollectiveCall.reduceScatter(from, to, type, ReduceKind.SUM, "t");
            }
            return op instanceof AllGather
                    ? CollectiveCall.allGather(from, to, type, "t")
                    : CollectiveCall.allToAll(from, to, type, "t");
        }
    }

    @Test
    void columnsOfAllPartsAreTogether() {
        TensorType operand = new TensorType(DType.FLOAT32, Shape.shape(40));
        AllGather gather = new AllGather(ALONG, 2);
        CollectiveCut cut = CollectiveCut.of(
                gather, operand, gather.resultTypes(List.of(operand)).get(0), 256);
        assertThat(cut.numChunks()).isEqualTo(2);
        assertThat(cut.slotBytes()).isEqualTo(256);
        assertThat(cut.operandPieces(0, 1)).containsExactly(new CollectiveCut.Piece(0, 32, 32));
        assertThat(cut.resultPieces(1, 1))
                .containsExactly(new CollectiveCut.Piece(32, 0, 8), new CollectiveCut.Piece(72, 8, 8));
    }
}
