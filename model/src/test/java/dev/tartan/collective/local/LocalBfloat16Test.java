package dev.tartan.collective.local;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.collective.Elements;
import dev.tartan.collective.ReduceKind;
import dev.tartan.graph.DType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LocalBfloat16Test {
    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 5})
    void everyKindReducesBfloats(int numRanks) {
        Ranks.spawn(numRanks, (rank, communicator) -> {
            for (int length : new int[] {0, 1, 7, 4095, 4096, 4097, 200_001}) {
                for (ReduceKind kind : ReduceKind.values()) {
                    Elements region = Elements.allocate(DType.BFLOAT16, length);
                    for (int i = 0; i < length; i++) {
                        // Small enough for sums that a bfloat16 holds exactly.
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

    /** 256 + 1 is 256 in bfloat16, so that rounding in between would lose every 1. */
    @Test
    void sumsAreRoundedOnlyWhenStored() {
        Ranks.spawn(5, (rank, communicator) -> {
            Elements region = Elements.allocate(DType.BFLOAT16, 3);
            for (int i = 0; i < 3; i++) {
                region.set(i, rank == 0 ? 256 : 1);
            }
            communicator.allReduce(region.region(), region.region(), DType.BFLOAT16, ReduceKind.SUM, "t");
            for (int i = 0; i < 3; i++) {
                assertThat(region.get(i)).isEqualTo(260);
            }
        });
    }
}
