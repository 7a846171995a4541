package dev.tartan.spark.dl4j;

import java.util.Arrays;
import java.util.Iterator;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.api.MultiDataSet;

/**
 * The examples of DataSets, one by one: the arrays of features, those of labels, then the masks of both where there are
 * any. Shorter sequences are filled up with zeros that their masks leave out, as DL4J's merge does. An example without
 * a mask where others have one counts whole. Not thread-safe.
 */
final class DataSetRows implements Iterator<float[][]> {
    private final int partition;
    private final Iterator<MultiDataSet> sets;
    private final SampleShapes shapes;
    private long record;
    private float[][] arrays = new float[0][];
    private int[] sizes = new int[0];
    private int next;
    private int examples;

    /**
     * Reads DataSets.
     *
     * @param shapes of all of them
     */
    DataSetRows(int partition, Iterator<MultiDataSet> sets, SampleShapes shapes) {
        this.partition = partition;
        this.sets = sets;
        this.shapes = shapes;
    }

    @Override
    public boolean hasNext() {
        while (next >= examples && sets.hasNext()) {
            open(sets.next());
        }
        return next < examples;
    }

    @Override
    public float[][] next() {
        if (!hasNext()) {
            throw new NoSuchElementException("partition has no more examples");
        }
        float[][] row = new float[arrays.length][];
        for (int i = 0; i < row.length; i++) {
            row[i] = Arrays.copyOfRange(arrays[i], next * sizes[i], (next + 1) * sizes[i]);
        }
        next++;
        return row;
    }

    /** Lays out the arrays of a DataSet as all have them. */
    private void open(MultiDataSet set) {
        SampleShapes own = SampleShapes.of(set, partition, record++);
        if (!shapes.covers(own)) {
            throw new ChangedShapeException("DataSet is not as the first ones: partition=" + partition + ", record="
                    + own.record() + ", shapes=" + own.layout() + ", first=" + shapes.layout()
                    + ". All are looked at then.");
        }
        examples = Math.toIntExact(set.getFeatures(0).size(0));
        next = 0;
        int count = shapes.features().size() + shapes.labels().size();
        int masks = masks(shapes.features()) + masks(shapes.labels());
        arrays = new float[count + masks][];
        sizes = new int[count + masks];
        int at = values(0, shapes.features(), set.getFeatures());
        at = values(at, shapes.labels(), set.getLabels());
        at = masks(at, shapes.features(), set.getFeatures(), set.getFeaturesMaskArrays());
        masks(at, shapes.labels(), set.getLabels(), set.getLabelsMaskArrays());
    }

    private static int masks(ArrayShapes shapes) {
        int masks = 0;
        for (int i = 0; i < shapes.size(); i++) {
            masks += shapes.isMasked(i) ? 1 : 0;
        }
        return masks;
    }

    private int values(int first, ArrayShapes all, INDArray[] given) {
        int at = first;
        for (int i = 0; i < all.size(); i++) {
            sizes[at] = all.numElements(i);
            long[] dims = all.dims().get(i);
            int to = Math.toIntExact(dims[dims.length - 1]);
            arrays[at++] = stretched(FloatArrays.of(given[i]), steps(given[i]), to);
        }
        return at;
    }

    private int masks(int first, ArrayShapes all, INDArray[] given, INDArray @Nullable [] masks) {
        int at = first;
        for (int i = 0; i < all.size(); i++) {
            if (!all.isMasked(i)) {
                continue;
            }
            int size = all.numMaskElements(i);
            boolean ofSteps = ArrayShapes.isSequence(all.dims().get(i));
            int from = ofSteps ? steps(given[i]) : size;
            INDArray mask = masks == null || i >= masks.length ? null : masks[i];
            float[] values = mask == null ? ones(examples * from) : FloatArrays.of(mask);
            if (values.length != examples * from) {
                throw new IllegalArgumentException("mask of a DataSet has another shape than its array: partition="
                        + partition + ", record=" + (record - 1) + ", array=" + i + ", mask="
                        + Arrays.toString(mask == null ? new long[0] : mask.shape()) + ", array shape="
                        + Arrays.toString(given[i].shape()) + ". Give a number for each "
                        + (ofSteps ? "step." : "example."));
            }
            sizes[at] = size;
            arrays[at++] = stretched(values, from, size);
        }
        return at;
    }

    private static int steps(INDArray array) {
        return Math.toIntExact(array.rank() == 1 ? 1 : array.size(-1));
    }

    /** Rows of {@code from} elements as rows of {@code to}, zeros behind. */
    private static float[] stretched(float[] values, int from, int to) {
        if (from == to) {
            return values;
        }
        int rows = values.length / from;
        float[] longer = new float[Math.multiplyExact(rows, to)];
        for (int row = 0; row < rows; row++) {
            System.arraycopy(values, row * from, longer, row * to, from);
        }
        return longer;
    }

    private static float[] ones(int count) {
        float[] ones = new float[count];
        Arrays.fill(ones, 1);
        return ones;
    }
}
