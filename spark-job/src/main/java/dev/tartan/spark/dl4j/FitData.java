package dev.tartan.spark.dl4j;

import dev.tartan.dl4j.Dl4jFactory;
import dev.tartan.dl4j.Dl4jNetwork;
import dev.tartan.spark.dataset.ArraySamples;
import dev.tartan.spark.dataset.FrameRows;
import dev.tartan.spark.dataset.SequenceParts;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.rdd.RDD;
import org.apache.spark.storage.StorageLevel;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.dataset.api.MultiDataSet;

/**
 * The DataSets of a fit, encoded and shuffled to whom they belong.
 *
 * @param source the user's RDD
 * @param network of whose shapes they are
 * @param factory makes that network
 * @param fields which arrays there are
 */
record FitData(RDD<?> source, Dl4jNetwork network, Dl4jFactory factory, List<String> fields, FrameRows rows)
        implements AutoCloseable {
    private static final String NAME = "RDD of DataSets";

    /**
     * How DataSets are read.
     *
     * @param executors number of processes that will train
     * @param globalBatch examples of a step
     * @param seed of the order of examples
     */
    record Reading(
            JavaSparkContext spark, int executors, int globalBatch, long seed, boolean dropLast, boolean correct) {}

    /**
     * Reads DataSets.
     *
     * @param source what they come from
     * @throws IllegalArgumentException if there are none, or they do not go with each other or with the network
     */
    static FitData of(RDD<?> source, JavaRDD<MultiDataSet> sets, DriverNetwork net, Reading how) {
        try {
            SampleShapes first = checked(SampleShapes.ofFirst(sets));
            if (!first.mayDiffer()) {
                try {
                    return of(source, sets, net, how, first);
                } catch (Exception e) {
                    // Spark throws checked exceptions that Java does not know of.
                    if (!(refusal(e) instanceof ChangedShapeException)) {
                        throw e;
                    }
                }
            }
            return of(source, sets, net, how, checked(SampleShapes.ofAll(sets)));
        } catch (Exception e) {
            IllegalArgumentException refused = refusal(e);
            if (refused == null || refused == e) {
                throw e;
            }
            // What a task refused, without the stack traces that Spark puts around it.
            refused.addSuppressed(e);
            throw refused;
        }
    }

    private static SampleShapes checked(@Nullable SampleShapes shapes) {
        if (shapes == null) {
            throw new IllegalArgumentException("RDD has no DataSets to train on: dataSets=0. Give one with DataSets.");
        }
        shapes.check();
        return shapes;
    }

    /** The refusal that a failure comes from; null if it comes from something else. */
    private static @Nullable IllegalArgumentException refusal(Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof IllegalArgumentException refused) {
                return refused;
            }
        }
        return null;
    }

    private static FitData of(
            RDD<?> source, JavaRDD<MultiDataSet> sets, DriverNetwork net, Reading how, SampleShapes given) {
        Dl4jFactory factory =
                new Dl4jFactory(net.json(), net.inputs(), given.features().dims(), 0, how.globalBatch(), how.correct());
        Dl4jNetwork network = factory.create();
        SequenceParts parts = parts(network, given);
        // The last part of sequences may be filled up, with steps that do not count.
        SampleShapes shapes = parts.count() * parts.partSteps() == parts.steps() ? given : given.withLabelMasks();
        List<String> fields = FieldNames.of(network, net, shapes);
        JavaRDD<float[][]> rows = sets.mapPartitionsWithIndex(
                (Integer partition, Iterator<MultiDataSet> part) -> new DataSetRows(partition, part, shapes), false);
        FrameRows encoded = FrameRows.of(
                how.spark(),
                ArraySamples.resolve(rows, fields, network, parts, how.dropLast(), NAME),
                how.executors(),
                how.seed());
        return new FitData(source, network, factory, fields, encoded);
    }

    /** How sequences are cut for truncated backpropagation, if they are. */
    private static SequenceParts parts(Dl4jNetwork network, SampleShapes shapes) {
        if (network.partSteps() == 0) {
            return SequenceParts.WHOLE;
        }
        long[] features = shapes.features().dims().get(0);
        List<long[]> others = new ArrayList<>(shapes.features().dims());
        others.addAll(shapes.labels().dims());
        if (others.stream().anyMatch(dims -> dims.length != 2 || dims[1] != features[1])) {
            throw new IllegalArgumentException("truncated backpropagation needs features and labels for the same steps:"
                    + " features of an example=" + text(shapes.features().dims()) + ", labels="
                    + text(shapes.labels().dims()) + ". Give labels for each step, or use BackpropType.Standard.");
        }
        return new SequenceParts(Dl4jNetwork.CONTINUED, Math.toIntExact(features[1]), network.partSteps());
    }

    private static String text(List<long[]> shapes) {
        return shapes.stream().map(Arrays::toString).collect(Collectors.joining(" "));
    }

    /**
     * Whether Spark would compute the same DataSets again: the driver has them, or Spark keeps them. Others may be
     * drawn anew each time, as those of random augmentation.
     */
    static boolean isStable(RDD<?> source) {
        return !source.getStorageLevel().equals(StorageLevel.NONE())
                || source.isCheckpointed()
                || source.getClass().getName().equals("org.apache.spark.rdd.ParallelCollectionRDD");
    }

    /** Whether these are the DataSets of a network and an RDD. */
    boolean isOf(RDD<?> other, DriverNetwork net) {
        return source == other && factory.json().equals(net.json());
    }

    @Override
    public void close() {
        rows.close();
    }
}
