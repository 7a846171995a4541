package dev.tartan.spark.dataset;

import dev.tartan.spark.runtime.MeshRows;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import org.apache.spark.ContextCleaner;
import org.apache.spark.ShuffleDependency;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.serializer.JavaSerializer;
import org.apache.spark.shuffle.ShuffleWriteProcessor;
import org.apache.spark.sql.catalyst.InternalRow;
import org.jspecify.annotations.Nullable;
import scala.Option;
import scala.Tuple2;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/**
 * The rows of a frame in the files of a shuffle, encoded and counted in one pass over the frame. The shuffle's last
 * partition has nothing but the counts, so that they are known without reading the rows again; the tasks of the mesh
 * then read the same files.
 */
public final class FrameRows implements AutoCloseable {
    private static final ClassTag<byte[]> BYTES = ClassTag$.MODULE$.apply(byte[].class);
    private static final ClassTag<Integer> INTEGER = ClassTag$.MODULE$.apply(Integer.class);
    private static final ClassTag<ChunkReader[]> READERS = ClassTag$.MODULE$.apply(ChunkReader[].class);

    private final JavaSparkContext spark;
    private final ResolvedSamples samples;
    private final HashPartitions partitions;
    private final ShuffleDependency<Integer, byte[], byte[]> shuffle;
    private final FrameCounts counts;
    private boolean forManyRuns;

    private FrameRows(JavaSparkContext spark, ResolvedSamples samples, int numTasks, long seed) {
        this.spark = spark;
        this.samples = samples;
        this.partitions = HashPartitions.forTasks(numTasks);
        this.shuffle = shuffle(samples, partitions, spark, seed);
        this.counts = count();
    }

    /**
     * Goes through a frame.
     *
     * @param numTasks that will train on it, at most
     * @param seed of the order of samples
     * @throws IllegalArgumentException if it is empty or has rows that cannot be used, naming the first
     */
    public static FrameRows of(JavaSparkContext spark, ResolvedSamples samples, int numTasks, long seed) {
        FrameRows rows = new FrameRows(spark, samples, numTasks, seed);
        try {
            rows.counts.throwFaults(samples.name());
            if (rows.numRows() == 0) {
                throw new IllegalArgumentException(samples.name() + " is empty: rows=0, columns="
                        + samples.columnNames() + ". Give a frame with rows.");
            }
            return rows;
        } catch (RuntimeException e) {
            rows.close();
            throw e;
        }
    }

    /**
     * Says that several runs will read these rows, one after the other: processes then keep their spools from run to
     * run, for some minutes, until they get others to keep or {@link #close} is called in the same JVM.
     */
    public FrameRows forManyRuns() {
        forManyRuns = true;
        return this;
    }

    private static ShuffleDependency<Integer, byte[], byte[]> shuffle(
            ResolvedSamples samples, HashPartitions partitions, JavaSparkContext spark, long seed) {
        RowEncoder encoder = samples.encoder();
        JavaRDD<Tuple2<Integer, byte[]>> chunks = samples.rows()
                .mapPartitionsWithIndex(
                        (Integer partition, Iterator<InternalRow> part) ->
                                new EncodePartition(partition, part, encoder, partitions, seed),
                        false);
        return new ShuffleDependency<>(
                chunks.rdd(),
                partitions,
                // Bytes are bytes to it, whatever serializer the session has.
                new JavaSerializer(spark.getConf()),
                Option.empty(),
                Option.empty(),
                false,
                new ShuffleWriteProcessor(),
                INTEGER,
                BYTES,
                BYTES);
    }

    private FrameCounts count() {
        int last = partitions.ofCounts();
        ShuffledChunks<byte[]> sum = new ShuffledChunks<>(
                spark.sc(),
                List.of(shuffle),
                1,
                readers -> sum(readers[0].chunks(last, last + 1)).toBytes(),
                BYTES);
        return FrameCounts.fromBytes(sum.toJavaRDD().collect().get(0));
    }

    private static FrameCounts sum(Iterator<byte[]> parts) {
        FrameCounts sum = new FrameCounts();
        parts.forEachRemaining(part -> sum.add(FrameCounts.fromBytes(part)));
        return sum;
    }

    /** Rows of the frame. */
    public long numRows() {
        return counts.numRows();
    }

    /** Bytes of all rows, as the spools keep them. */
    public long numBytes() {
        return counts.numBytes();
    }

    /** The samples of a job whose steps have so many. */
    public FrameSamples samples(int globalBatch) {
        SlotTable slots = slots(globalBatch);
        if (slots.stepsPerEpoch() == 0) {
            throw new IllegalArgumentException("frame has too few rows for one step: rows=" + numRows()
                    + ", globalBatch=" + globalBatch + ", dropLast=true. Lower the global batch, or keep the last"
                    + " step of an epoch.");
        }
        return new FrameSamples(
                samples.fields(),
                slots.stepsPerEpoch(),
                samples.hasWeights() || slots.isRagged(),
                String.format(Locale.ROOT, "frame of %d rows, digest %016x", numRows(), counts.digest()));
    }

    private SlotTable slots(int globalBatch) {
        return new SlotTable(numRows(), globalBatch, samples.dropLast(), samples.parts());
    }

    /** What so many tasks of a mesh job read, with {@code validation}'s rows to validate on if not null. */
    public MeshRows<?> rows(int globalBatch, int tasks, @Nullable FrameRows validation, int validationBatch) {
        List<ShuffleDependency<Integer, byte[], byte[]>> shuffles =
                validation == null ? List.of(shuffle) : List.of(shuffle, validation.shuffle);
        ShuffledChunks<ChunkReader[]> readers =
                new ShuffledChunks<>(spark.sc(), shuffles, tasks, chunks -> chunks, READERS);
        return new MeshRows<>(
                readers.toJavaRDD(),
                new FrameReader(spool(globalBatch), validation == null ? null : validation.spool(validationBatch)),
                validation != null);
    }

    private SpoolReader spool(int globalBatch) {
        return new SpoolReader(
                samples.encoder().columns(),
                counts,
                slots(globalBatch),
                partitions,
                forManyRuns ? shuffle.shuffleId() : null);
    }

    /** Removes the shuffle's files. */
    @Override
    public void close() {
        KeptSpool.ofJvm().drop(spark.sc().applicationId(), shuffle.shuffleId());
        Option<ContextCleaner> cleaner = spark.sc().cleaner();
        if (cleaner.isDefined() && !spark.sc().isStopped()) {
            cleaner.get().doCleanupShuffle(shuffle.shuffleId(), false);
        }
    }
}
