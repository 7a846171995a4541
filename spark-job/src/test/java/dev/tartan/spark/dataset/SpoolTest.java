package dev.tartan.spark.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.network.BatchField;
import dev.tartan.network.PresentFields;
import dev.tartan.train.data.HostBatch;
import dev.tartan.train.data.RankSamples;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.linalg.VectorUDT;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.GenericInternalRow;
import org.apache.spark.sql.types.DataTypes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Spools of rows that no Spark has brought. */
class SpoolTest {
    private static final HashPartitions PARTITIONS = HashPartitions.forTasks(2);

    @TempDir
    Path folder;

    private final FrameCounts counts = new FrameCounts();

    /** Rows of a vector x of some elements and an integer y. */
    private List<byte[]> chunks(RowEncoder encoder, List<InternalRow> rows) {
        List<byte[]> chunks = new ArrayList<>();
        new EncodePartition(0, rows.iterator(), encoder, PARTITIONS, 7).forEachRemaining(chunk -> {
            if (chunk._1() == PARTITIONS.ofCounts()) {
                counts.add(FrameCounts.fromBytes(chunk._2()));
            } else {
                chunks.add(chunk._2());
            }
        });
        return chunks;
    }

    private static RowEncoder encoder(int elements) {
        SampleColumn x = new SampleColumn(
                "x",
                "x",
                SampleColumn.Form.VECTOR,
                false,
                new long[] {elements},
                elements,
                0,
                false,
                0,
                false,
                List.of());
        SampleColumn y = new SampleColumn(
                "y", "y", SampleColumn.Form.WORDS, true, new long[0], 1, 0, false, 0, false, List.of());
        return new RowEncoder(
                List.of(x, y),
                List.of(
                        new VectorEncoder(new ElementCheck(x)),
                        new NumberEncoder(NumberType.of(DataTypes.IntegerType), new ElementCheck(y))));
    }

    private static InternalRow row(Vector x, int y) {
        return new GenericInternalRow(new Object[] {new VectorUDT().serialize(x), y});
    }

    private static List<InternalRow> rows(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> row(
                        i % 3 == 0 ? Vectors.sparse(4, new int[] {i % 4}, new double[] {i}) : Vectors.dense(i, 1, 2, 3),
                        i))
                .toList();
    }

    private SpoolBatches batches(RowEncoder encoder, SlotTable slots, List<RowRun> runs, Iterator<byte[]> chunks) {
        int elements = encoder.columns().get(0).numElements();
        Spool spool = Spool.write(counts, runs, chunks, folder, 4096);
        List<BatchField> fields =
                List.of(BatchField.floats("x", elements), BatchField.ints("y"), PresentFields.SAMPLE_WEIGHT);
        return new SpoolBatches(spool, spool::close, slots, encoder.columns(), fields, 5);
    }

    @Test
    void twoProcessesGiveWhatOneGives() {
        RowEncoder encoder = encoder(4);
        List<byte[]> chunks = chunks(encoder, rows(1003));
        SlotTable slots = new SlotTable(1003, 64, false);
        BucketStarts starts = new BucketStarts(counts);
        RankSamples halves = new RankSamples(64, 4, 2);
        List<RowRun> all = RowRun.of(slots, starts, halves, List.of(0, 1));
        assertThat(all).hasSize(1);
        try (SpoolBatches whole = batches(encoder, slots, all, chunks.iterator())) {
            for (int rank = 0; rank < 2; rank++) {
                List<RowRun> runs = RowRun.of(slots, starts, halves, List.of(rank));
                assertThat(runs).hasSize(4);
                try (SpoolBatches part = batches(encoder, slots, runs, chunks.iterator())) {
                    for (long step = 0; step < 32; step++) {
                        for (RankSamples.Range range : halves.of(rank)) {
                            HostBatch expected = whole.samples(step, range.first(), range.count());
                            HostBatch actual = part.samples(step, range.first(), range.count());
                            assertThat(actual.tensor("y").ints())
                                    .isEqualTo(expected.tensor("y").ints());
                            assertThat(actual.tensor("x").floats())
                                    .isEqualTo(expected.tensor("x").floats());
                        }
                    }
                }
            }
        }
    }

    @Test
    void everyRowIsThereOnceInEachEpochInAnotherOrder() {
        RowEncoder encoder = encoder(4);
        List<byte[]> chunks = chunks(encoder, rows(1003));
        SlotTable slots = new SlotTable(1003, 64, false);
        List<RowRun> runs = RowRun.of(slots, new BucketStarts(counts), new RankSamples(64, 1, 1), List.of(0));
        try (SpoolBatches batches = batches(encoder, slots, runs, chunks.iterator())) {
            List<Integer> first = epoch(batches, 0, 64);
            List<Integer> second = epoch(batches, 16, 64);
            assertThat(first).isNotEqualTo(second);
            for (List<Integer> epoch : List.of(first, second)) {
                assertThat(epoch).hasSize(1003).doesNotHaveDuplicates();
            }
        }
    }

    /** The y of all samples that count, and their x checked against it. */
    private static List<Integer> epoch(SpoolBatches batches, long firstStep, int batch) {
        List<Integer> seen = new ArrayList<>();
        for (long step = firstStep; step < firstStep + 16; step++) {
            HostBatch samples = batches.samples(step, 0, batch);
            int padded = 0;
            for (int i = 0; i < batch; i++) {
                int y = samples.tensor("y").ints()[i];
                float[] x = Arrays.copyOfRange(samples.tensor("x").floats(), 4 * i, 4 * i + 4);
                float[] sparse = new float[4];
                sparse[y % 4] = y;
                assertThat(x).isEqualTo(y % 3 == 0 ? sparse : new float[] {y, 1, 2, 3});
                if (samples.tensor(PresentFields.SAMPLE_WEIGHT.name()).floats()[i] == 1) {
                    seen.add(y);
                } else {
                    padded++;
                }
            }
            assertThat(padded).isEqualTo(step == firstStep + 15 ? 16 * 64 - 1003 : 0);
        }
        return seen;
    }

    @Test
    void oneRowFillsEverySlot() {
        RowEncoder encoder = encoder(4);
        List<byte[]> chunks = chunks(encoder, rows(1));
        SlotTable slots = new SlotTable(1, 16, false);
        RankSamples samples = new RankSamples(16, 1, 4);
        float sum = 0;
        for (int rank = 0; rank < 4; rank++) {
            List<RowRun> runs = RowRun.of(slots, new BucketStarts(counts), samples, List.of(rank));
            try (SpoolBatches batches = batches(encoder, slots, runs, chunks.iterator())) {
                HostBatch batch = batches.samples(3, rank * 4, 4);
                assertThat(batch.tensor("y").ints()).containsOnly(0);
                for (float weight :
                        batch.tensor(PresentFields.SAMPLE_WEIGHT.name()).floats()) {
                    sum += weight;
                }
            }
        }
        assertThat(sum).isEqualTo(1);
    }

    @Test
    void sparseVectorsStaySparse() {
        int features = 1_000_000;
        int nonZeros = 100;
        List<InternalRow> rows = IntStream.range(0, 50)
                .mapToObj(i -> row(
                        Vectors.sparse(
                                features,
                                IntStream.range(0, nonZeros)
                                        .map(k -> k * 10_000 + i)
                                        .toArray(),
                                IntStream.range(0, nonZeros)
                                        .mapToDouble(k -> k + 1)
                                        .toArray()),
                        i))
                .toList();
        RowEncoder encoder = encoder(features);
        List<byte[]> chunks = chunks(encoder, rows);
        assertThat(counts.numBytes()).isEqualTo(50 * (4 + 8L * nonZeros + 4));
        SlotTable slots = new SlotTable(50, 5, false);
        List<RowRun> runs = RowRun.of(slots, new BucketStarts(counts), new RankSamples(5, 1, 1), List.of(0));
        try (SpoolBatches batches = batches(encoder, slots, runs, chunks.iterator())) {
            HostBatch batch = batches.samples(0, 2, 1);
            int y = batch.tensor("y").ints()[0];
            float[] x = batch.tensor("x").floats();
            assertThat(x).hasSize(features);
            for (int k = 0; k < nonZeros; k++) {
                assertThat(x[k * 10_000 + y]).isEqualTo(k + 1);
            }
        }
    }

    /** 5 sequences of 2 x 7 steps in parts of 3, two at a time: the element says which sequence, row and step it is. */
    @Test
    void sequencesAreGivenPartByPart() {
        SequenceParts parts = new SequenceParts("goesOn", 7, 3);
        SampleColumn column = new SampleColumn(
                "x", "x", SampleColumn.Form.WORDS, false, new long[] {2, 7}, 14, 0, false, 0, false, List.of());
        RowEncoder encoder = new RowEncoder(List.of(column), List.of(new FloatsEncoder(new ElementCheck(column))));
        List<InternalRow> rows = new ArrayList<>();
        for (int sequence = 1; sequence <= 5; sequence++) {
            float[] values = new float[14];
            for (int i = 0; i < values.length; i++) {
                values[i] = 100 * sequence + 10 * (i / 7) + i % 7 + 1;
            }
            rows.add(new GenericInternalRow(new Object[] {values}));
        }
        List<byte[]> chunks = chunks(encoder, rows);
        SlotTable slots = new SlotTable(5, 2, false, parts);
        assertThat(slots.stepsPerEpoch()).isEqualTo(9);
        List<RowRun> runs = RowRun.of(slots, new BucketStarts(counts), new RankSamples(2, 1, 1), List.of(0));
        Spool spool = Spool.write(counts, runs, chunks.iterator(), folder, 4096);
        List<BatchField> fields =
                List.of(BatchField.floats("x", 2, 3), BatchField.floats("goesOn", 1), PresentFields.SAMPLE_WEIGHT);
        List<Integer> seen = new ArrayList<>();
        try (SpoolBatches batches = new SpoolBatches(spool, spool::close, slots, encoder.columns(), fields, 5)) {
            int[] sequence = new int[2];
            for (int step = 0; step < 18; step++) {
                HostBatch batch = batches.samples(step, 0, 2);
                float[] x = batch.tensor("x").floats();
                int part = step % 3;
                float goesOn = part == 0 ? 0 : 1;
                assertThat(batch.tensor("goesOn").floats()).containsExactly(goesOn, goesOn);
                for (int slot = 0; slot < 2; slot++) {
                    if (part == 0) {
                        sequence[slot] = (int) x[slot * 6] / 100;
                        if (batch.tensor(PresentFields.SAMPLE_WEIGHT.name()).floats()[slot] > 0) {
                            seen.add(sequence[slot]);
                        }
                    }
                    for (int i = 0; i < 6; i++) {
                        int at = part * 3 + i % 3;
                        float expected = at < 7 ? 100 * sequence[slot] + 10 * (i / 3) + at + 1 : 0;
                        assertThat(x[slot * 6 + i]).as("step %d", step).isEqualTo(expected);
                    }
                }
            }
        }
        assertThat(seen.subList(0, 5)).containsExactlyInAnyOrder(1, 2, 3, 4, 5);
        assertThat(seen.subList(5, 10)).containsExactlyInAnyOrder(1, 2, 3, 4, 5);
    }

    @Test
    void denseAndSparseVectorsOfEqualElementsAreTheSameSample() {
        RowEncoder encoder = encoder(4);
        chunks(encoder, List.of(row(Vectors.dense(0, -0.0, 0, 5), 1)));
        long digest = IntStream.range(0, FrameCounts.NUM_BUCKETS)
                .mapToLong(counts::digest)
                .sum();
        chunks(encoder, List.of(row(Vectors.sparse(4, new int[] {3}, new double[] {5}), 1)));
        assertThat(counts.numRows()).isEqualTo(2);
        assertThat(IntStream.range(0, FrameCounts.NUM_BUCKETS)
                        .mapToLong(counts::digest)
                        .sum())
                .isEqualTo(2 * digest);
    }

    @Test
    void otherRowsThanThoseCountedAreRefusedByNameOfTheCause() {
        RowEncoder encoder = encoder(4);
        List<byte[]> chunks = chunks(encoder, rows(100));
        SlotTable slots = new SlotTable(100, 10, false);
        BucketStarts starts = new BucketStarts(counts);
        List<RowRun> runs = RowRun.of(slots, starts, new RankSamples(10, 1, 1), List.of(0));
        List<byte[]> fewer = chunks.subList(1, chunks.size());
        List<byte[]> more = Stream.concat(chunks.stream(), chunks.stream()).toList();
        for (List<byte[]> other : List.of(fewer, more)) {
            assertThatThrownBy(() -> Spool.write(counts, runs, other.iterator(), folder, 4096))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("frame gave other rows when a part of it was computed again, so it is not"
                            + " deterministic: bucket=")
                    .hasMessageContaining("Call checkpoint() or cache() on it");
        }
        List<byte[]> changed = chunks.stream().map(byte[]::clone).toList();
        // The lower half of the first row's hash.
        changed.get(0)[8] ^= 1;
        assertThatThrownBy(() -> Spool.write(counts, runs, changed.iterator(), folder, 4096))
                .hasMessageContaining("is not deterministic");
    }

    @Test
    void nothingIsLeftInTheFolder() throws IOException {
        RowEncoder encoder = encoder(4);
        List<byte[]> chunks = chunks(encoder, rows(10));
        SlotTable slots = new SlotTable(10, 5, false);
        List<RowRun> runs = RowRun.of(slots, new BucketStarts(counts), new RankSamples(5, 1, 1), List.of(0));
        SpoolBatches batches = batches(encoder, slots, runs, chunks.iterator());
        batches.close();
        batches.close();
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).isEmpty();
        }
    }
}
