package dev.tartan.spark.dl4j;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * The arrays of features of DataSets, or those of labels: the shape of an example in each, and whether there are masks.
 * Only the number of steps of sequences may differ between DataSets; the longest counts.
 *
 * @param dims of an example in each array, {@code [features, steps]} for sequences
 * @param varies whether that array's sequences are not all as long
 * @param masks dims of an example's mask in each array; null where no DataSet has one
 */
record ArrayShapes(List<long[]> dims, List<Boolean> varies, List<long @Nullable []> masks) implements Serializable {
    private static final long serialVersionUID = 1;
    private static final int SEQUENCE_DIMS = 2;

    static ArrayShapes of(INDArray[] arrays, INDArray @Nullable [] masks) {
        List<long[]> dims = new ArrayList<>();
        List<Boolean> varies = new ArrayList<>();
        List<long @Nullable []> maskDims = new ArrayList<>();
        for (int i = 0; i < arrays.length; i++) {
            dims.add(ofExample(arrays[i]));
            varies.add(false);
            INDArray mask = masks == null || i >= masks.length ? null : masks[i];
            maskDims.add(mask == null ? null : ofExample(mask));
        }
        return new ArrayShapes(dims, varies, maskDims);
    }

    /** The shape of one example; a number each is {@code [1]}. */
    static long[] ofExample(INDArray array) {
        return array.rank() == 1 ? new long[] {1} : Arrays.copyOfRange(array.shape(), 1, array.rank());
    }

    static boolean isSequence(long[] dims) {
        return dims.length == SEQUENCE_DIMS;
    }

    int size() {
        return dims.size();
    }

    /** Whether examples get a mask: some have one, or sequences are filled up. */
    boolean isMasked(int array) {
        return varies.get(array) || masks.get(array) != null;
    }

    boolean isAnyMasked() {
        return varies.contains(true) || masks.stream().anyMatch(mask -> mask != null);
    }

    boolean hasSequences() {
        return dims.stream().anyMatch(ArrayShapes::isSequence);
    }

    /** Elements of an example in an array. */
    int numElements(int array) {
        return numElements(dims.get(array));
    }

    /** Elements of its mask. */
    int numMaskElements(int array) {
        long[] mask = masks.get(array);
        long[] of = dims.get(array);
        return isSequence(of) || mask == null ? Math.toIntExact(of[of.length - 1]) : numElements(mask);
    }

    static int numElements(long[] dims) {
        long product = 1;
        for (long dim : dims) {
            product = Math.multiplyExact(product, dim);
        }
        return Math.toIntExact(product);
    }

    /** The array in which other DataSets cannot be batched with these; -1 if they can. */
    int mismatch(ArrayShapes other) {
        if (other.size() != size()) {
            return Math.min(other.size(), size());
        }
        for (int i = 0; i < size(); i++) {
            long[] here = dims.get(i).clone();
            long[] there = other.dims.get(i).clone();
            if (isSequence(here) && isSequence(there)) {
                here[1] = 0;
                there[1] = 0;
            }
            if (!Arrays.equals(here, there)) {
                return i;
            }
        }
        return -1;
    }

    /** These sequences, each with a mask. */
    ArrayShapes masked() {
        List<long @Nullable []> all = new ArrayList<>();
        dims.forEach(of -> all.add(new long[] {of[of.length - 1]}));
        return new ArrayShapes(dims, varies, all);
    }

    /** Those of both. */
    ArrayShapes and(ArrayShapes other) {
        List<long[]> longest = new ArrayList<>();
        List<Boolean> differ = new ArrayList<>();
        List<long @Nullable []> all = new ArrayList<>();
        for (int i = 0; i < size(); i++) {
            long[] here = dims.get(i);
            long[] there = other.dims.get(i);
            longest.add(here[here.length - 1] >= there[there.length - 1] ? here : there);
            differ.add(varies.get(i) || other.varies.get(i) || !Arrays.equals(here, there));
            long[] mask = masks.get(i);
            all.add(mask == null ? other.masks.get(i) : mask);
        }
        return new ArrayShapes(longest, differ, all);
    }

    /** The shape of an array in words. */
    String show(int array) {
        return array < size() ? Arrays.toString(dims.get(array)) : "none";
    }
}
