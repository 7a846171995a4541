package dev.tartan.spark.dataset;

import dev.tartan.network.BatchField;
import dev.tartan.train.data.RankSamples;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import org.apache.spark.SparkEnv;
import org.apache.spark.util.Utils;
import org.jspecify.annotations.Nullable;

/**
 * Brings the rows of a process's ranks from the shuffle into a spool.
 *
 * @param columns what a row is made of
 * @param counts of the whole frame
 * @param kept the number of the shuffle, if runs to come will read the same rows; else null
 */
record SpoolReader(
        List<SampleColumn> columns,
        FrameCounts counts,
        SlotTable slots,
        HashPartitions partitions,
        @Nullable Integer kept)
        implements Serializable {
    private static final long serialVersionUID = 1;

    /**
     * Brings them.
     *
     * @param samples which of a batch belong to which data rank
     * @param fields of a batch
     * @param seed of the order of samples
     */
    SpoolBatches read(
            ChunkReader reader, RankSamples samples, List<Integer> dataRanks, List<BatchField> fields, long seed) {
        List<RowRun> runs = RowRun.of(slots, new BucketStarts(counts), samples, dataRanks);
        if (kept == null) {
            Spool spool = write(reader, runs);
            return new SpoolBatches(spool, spool::close, slots, columns, fields, seed);
        }
        SpoolKey key = new SpoolKey(SparkEnv.get().conf().getAppId(), kept, runs);
        Spool spool = KeptSpool.ofJvm().take(key, () -> write(reader, runs));
        return new SpoolBatches(spool, () -> KeptSpool.ofJvm().leave(key, spool), slots, columns, fields, seed);
    }

    private Spool write(ChunkReader reader, List<RowRun> runs) {
        Path folder = Path.of(Utils.getLocalDir(SparkEnv.get().conf()));
        return Spool.write(counts, runs, chunks(reader, runs), folder, Spool.SEGMENT_BYTES);
    }

    /** The chunks of all partitions that have rows of the runs, each partition once. */
    private Iterator<byte[]> chunks(ChunkReader reader, List<RowRun> runs) {
        List<int[]> ranges = new ArrayList<>();
        for (RowRun run : runs) {
            int from = partitions.ofBucket(run.firstBucket());
            int to = partitions.ofBucket(run.endBucket() - 1) + 1;
            int[] last = ranges.isEmpty() ? null : ranges.get(ranges.size() - 1);
            if (last != null && from <= last[1]) {
                last[1] = Math.max(last[1], to);
            } else {
                ranges.add(new int[] {from, to});
            }
        }
        Iterator<int[]> left = ranges.iterator();
        return new Iterator<>() {
            private Iterator<byte[]> current = List.<byte[]>of().iterator();

            @Override
            public boolean hasNext() {
                while (!current.hasNext() && left.hasNext()) {
                    int[] range = left.next();
                    current = reader.chunks(range[0], range[1]);
                }
                return current.hasNext();
            }

            @Override
            public byte[] next() {
                if (!hasNext()) {
                    throw new NoSuchElementException("no more chunks");
                }
                return current.next();
            }
        };
    }
}
