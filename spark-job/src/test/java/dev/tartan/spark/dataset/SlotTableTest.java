package dev.tartan.spark.dataset;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.TreeSet;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SlotTableTest {
    @ParameterizedTest
    @CsvSource({"1, 16", "7, 3", "15, 16", "16, 16", "1003, 64", "5000000000, 4096"})
    void columnsCoverAllRowsAndGapsAreInTheLastStep(long rows, int batch) {
        SlotTable slots = new SlotTable(rows, batch, false);
        long steps = (rows + batch - 1) / batch;
        assertThat(slots.stepsPerEpoch()).isEqualTo(steps);
        assertThat(slots.isRagged()).isEqualTo(rows % batch != 0);
        assertThat(slots.first(0)).isZero();
        assertThat(slots.first(batch)).isEqualTo(rows);
        for (int slot = 0; slot < batch; slot++) {
            assertThat(slots.length(slot)).isBetween(steps - 1, steps);
            assertThat(slots.neededEnd(slot)).isBetween(slots.first(slot) + 1, rows);
        }
        assertThat(new SlotTable(rows, batch, true).stepsPerEpoch()).isEqualTo(rows / batch);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 16, 17, 1000, 4097})
    void aPermutationHasEachIndexOnceAndFollowsFromItsKey(long size) {
        long[] first = order(size, 1);
        TreeSet<Long> all = new TreeSet<>();
        LongStream.of(first).forEach(all::add);
        assertThat(all).hasSize((int) size);
        assertThat(all.first()).isZero();
        assertThat(all.last()).isEqualTo(size - 1);
        assertThat(order(size, 1)).isEqualTo(first);
        if (size > 10) {
            assertThat(order(size, 2)).isNotEqualTo(first);
        }
    }

    @Test
    void permutationsSpreadEvenly() {
        // Where index 0 goes over many keys: 10 places, 1,000 each; the deviation is 30.
        int[] places = new int[10];
        for (long key = 0; key < 10_000; key++) {
            places[(int) new Permutation(10, RowHash.finish(key + 1)).at(0)]++;
        }
        for (int place : places) {
            assertThat(place).isBetween(850, 1150);
        }
    }

    private static long[] order(long size, long key) {
        return LongStream.range(0, size).map(new Permutation(size, key)::at).toArray();
    }
}
