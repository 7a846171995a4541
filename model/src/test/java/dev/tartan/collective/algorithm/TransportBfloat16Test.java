package dev.tartan.collective.algorithm;

import dev.tartan.collective.CollectiveOp;
import dev.tartan.collective.Elements;
import dev.tartan.collective.ReduceKind;
import dev.tartan.collective.process.SpawnRanks;
import dev.tartan.graph.DType;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TransportBfloat16Test {
    private static final int TINY_SEGMENT_BYTES = 24;

    @ParameterizedTest
    @CsvSource({"ring, 2", "ring, 3", "ring, 4", "doubling, 3", "doubling, 4", "halving-doubling, 3"})
    void everyAllReduceReducesBfloats(String name, int numRanks) {
        AlgorithmChoice choice =
                AlgorithmChoice.defaults().withSegmentBytes(TINY_SEGMENT_BYTES).with(CollectiveOp.ALL_REDUCE, name);
        SpawnRanks.of(SpawnRanks.Wiring.TCP, numRanks).with(choice).run((rank, communicator) -> {
            for (int length : new int[] {0, 1, 7, 97}) {
                for (ReduceKind kind : ReduceKind.values()) {
                    Elements region = Elements.allocate(DType.BFLOAT16, length);
                    for (int i = 0; i < length; i++) {
                        region.set(i, ((i + rank) % numRanks - i % 9) * (long) numRanks);
                    }
                    communicator.allReduce(region.region(), region.region(), DType.BFLOAT16, kind, "t");
                    long spread = numRanks * (numRanks - 1L) / 2;
                    for (int i = 0; i < length; i++) {
                        long expected = switch (kind) {
                            case SUM -> (spread - (long) (i % 9) * numRanks) * numRanks;
                            case MEAN -> spread - (long) (i % 9) * numRanks;
                            case MAX -> (numRanks - 1L - i % 9) * numRanks;
                            case MIN -> -(long) (i % 9) * numRanks;
                        };
                        if (region.get(i) != expected) {
                            throw new AssertionError(kind + " of " + length + " is wrong at " + i + ": expected="
                                    + expected + ", actual=" + region.get(i));
                        }
                    }
                }
            }
        });
    }
}
