package dev.tartan.spark.dl4j;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.MultiDataSet;

/**
 * What examples of DataSets look like.
 *
 * @param partition of the first of these DataSets
 * @param record its number in the partition
 * @param fault what is wrong with one of them; null if nothing is
 */
record SampleShapes(
        ArrayShapes features,
        ArrayShapes labels,
        int partition,
        long record,
        @Nullable String fault) implements Serializable {
    private static final long serialVersionUID = 1;

    static SampleShapes of(MultiDataSet set, int partition, long record) {
        INDArray[] features = arrays(set.getFeatures());
        INDArray[] labels = arrays(set.getLabels());
        String where = "partition=" + partition + ", record=" + record;
        String fault = null;
        if (features.length == 0 || labels.length == 0) {
            fault = "DataSet has no " + (features.length == 0 ? "features" : "labels") + ": " + where
                    + ". Give DataSets to train on.";
        } else {
            for (INDArray array : labels) {
                if (array.size(0) != features[0].size(0)) {
                    fault = "DataSet has another number of labels than of examples: " + where + ", examples="
                            + features[0].size(0) + ", labels=" + array.size(0) + ". Give labels for each example.";
                }
            }
        }
        return new SampleShapes(
                ArrayShapes.of(features, set.getFeaturesMaskArrays()),
                ArrayShapes.of(labels, set.getLabelsMaskArrays()),
                partition,
                record,
                fault);
    }

    private static INDArray[] arrays(INDArray @Nullable [] given) {
        return given == null || (given.length == 1 && given[0] == null) ? new INDArray[0] : given;
    }

    /** Those of the first DataSet; null if there is none. */
    static @Nullable SampleShapes ofFirst(JavaRDD<MultiDataSet> sets) {
        List<byte[]> first = sets.mapPartitionsWithIndex(
                        (Integer partition, Iterator<MultiDataSet> part) -> part.hasNext()
                                ? List.of(of(part.next(), partition, 0).toBytes())
                                        .iterator()
                                : List.<byte[]>of().iterator(),
                        false)
                .take(1);
        return first.isEmpty() ? null : fromBytes(first.get(0));
    }

    /** Those of all DataSets, in one pass; null if there are none. */
    static @Nullable SampleShapes ofAll(JavaRDD<MultiDataSet> sets) {
        List<byte[]> parts =
                sets.mapPartitionsWithIndex(SampleShapes::ofPartition, false).collect();
        SampleShapes all = null;
        for (byte[] part : parts) {
            SampleShapes next = fromBytes(part);
            all = all == null ? next : all.and(next);
        }
        return all;
    }

    private static Iterator<byte[]> ofPartition(int partition, Iterator<MultiDataSet> sets) {
        SampleShapes all = null;
        for (long record = 0; sets.hasNext(); record++) {
            SampleShapes next = of(sets.next(), partition, record);
            all = all == null ? next : all.and(next);
        }
        return all == null
                ? List.<byte[]>of().iterator()
                : List.of(all.toBytes()).iterator();
    }

    /** Those of these and of later DataSets. */
    SampleShapes and(SampleShapes later) {
        String wrong = fault != null ? fault : later.fault != null ? later.fault : difference(later);
        return wrong != null
                ? new SampleShapes(features, labels, partition, record, wrong)
                : new SampleShapes(features.and(later.features), labels.and(later.labels), partition, record, null);
    }

    private @Nullable String difference(SampleShapes later) {
        int feature = features.mismatch(later.features);
        int label = labels.mismatch(later.labels);
        if (feature < 0 && label < 0) {
            return null;
        }
        int array = feature >= 0 ? feature : label;
        ArrayShapes here = feature >= 0 ? features : labels;
        ArrayShapes there = feature >= 0 ? later.features : later.labels;
        return "DataSet has examples of another shape than the first: partition=" + later.partition + ", record="
                + later.record + ", array=" + (feature >= 0 ? "features" : "labels") + "[" + array + "], shape="
                + there.show(array) + ", first=" + here.show(array)
                + ". Give DataSets whose examples have one shape; only sequences may differ in length.";
    }

    /**
     * Checks that DataSets can be used.
     *
     * @throws IllegalArgumentException naming the first that cannot
     */
    void check() {
        if (fault != null) {
            throw new IllegalArgumentException(fault);
        }
    }

    /** These with masks of all labels. */
    SampleShapes withLabelMasks() {
        return new SampleShapes(features, labels.masked(), partition, record, fault);
    }

    /** Whether one DataSet says nothing of the others: sequences may be longer there, and others may lack masks. */
    boolean mayDiffer() {
        return features.hasSequences() || labels.hasSequences() || features.isAnyMasked() || labels.isAnyMasked();
    }

    /** Whether DataSets that look so can be laid out as these. */
    boolean covers(SampleShapes other) {
        SampleShapes both = and(other);
        return both.fault == null && both.layout().equals(layout());
    }

    /** A text that is the same where examples are laid out alike. */
    String layout() {
        StringBuilder text = new StringBuilder();
        for (ArrayShapes arrays : List.of(features, labels)) {
            for (int i = 0; i < arrays.size(); i++) {
                text.append(arrays.show(i)).append(arrays.isMasked(i) ? "masked " : " ");
            }
            text.append("| ");
        }
        return text.toString();
    }

    private byte[] toBytes() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(this);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    private static SampleShapes fromBytes(byte[] bytes) {
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes))) {
            return (SampleShapes) in.readObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }
}
