package dev.tartan.op;

import dev.tartan.graph.DType;
import dev.tartan.graph.TensorType;
import java.util.ArrayList;
import java.util.List;

/**
 * Images cut along one dim into equal blocks. {@code [n, c, h, w]} cut along dim 2 is {@code [count, n, c, h / count,
 * w]}; where the dim is split over as many ranks, each has the block that it had anyway, and a block's neighbours are
 * those of its rank.
 *
 * @param dim 2 or 3
 * @param count number of blocks, which divides the dim
 */
public record ImageBlocks(int dim, int count) {
    /** The blocks of images. */
    Tensor cut(Tensor images) {
        long[] dims = images.shape().dims();
        long[] cut = new long[dims.length + 1];
        int[] order = new int[cut.length];
        for (int i = 0; i < cut.length; i++) {
            cut[i] = i < dim ? dims[i] : i == dim ? count : i == dim + 1 ? dims[dim] / count : dims[i - 1];
            order[i] = i == 0 ? dim : i <= dim ? i - 1 : i;
        }
        return images.reshape(cut).transpose(order);
    }

    /** The images of blocks. */
    Tensor joined(Tensor blocks) {
        long[] dims = blocks.shape().dims();
        long[] joined = new long[dims.length - 1];
        int[] order = new int[dims.length];
        for (int i = 0; i < order.length; i++) {
            order[i] = i < dim ? i + 1 : i == dim ? 0 : i;
        }
        for (int i = 0; i < joined.length; i++) {
            joined[i] = dims[i + 1] * (i == dim ? count : 1);
        }
        return blocks.transpose(order).reshape(joined);
    }

    /** Blocks as samples, which ops work on one by one. */
    static Tensor asSamples(Tensor blocks) {
        long[] dims = blocks.shape().dims();
        return blocks.reshape(dims[0] * dims[1], dims[2], dims[3], dims[4]);
    }

    /** Samples as the blocks that they are. */
    Tensor asBlocks(Tensor samples) {
        long[] dims = samples.shape().dims();
        return samples.reshape(count, dims[0] / count, dims[1], dims[2], dims[3]);
    }

    /**
     * Blocks with the last {@code low} elements of the block before and the first {@code high} of the one after.
     *
     * @param high if negative, as many elements are left out at the end instead
     * @param fill what lies beyond the first block and the last
     */
    Tensor withHalo(Tensor blocks, long low, long high, double fill) {
        int along = dim + 1;
        long size = blocks.shape().dim(along);
        List<Tensor> parts = new ArrayList<>();
        if (low > 0) {
            parts.add(fromBefore(blocks.slice(along, size - low, low), fill));
        }
        parts.add(high < 0 ? blocks.slice(along, 0, size + high) : blocks);
        if (high > 0) {
            parts.add(fromAfter(blocks.slice(along, 0, high), fill));
        }
        return parts.size() == 1 ? parts.get(0) : Tensor.concat(along, parts);
    }

    /**
     * Blocks to whose elements is added what their neighbours have for them: the adjoint of {@link #withHalo}.
     *
     * @param size of the resulting blocks along the dim
     */
    Tensor withoutHalo(Tensor extended, long low, long high, long size) {
        int along = dim + 1;
        List<Tensor> terms = new ArrayList<>();
        Tensor own = extended.slice(along, low, size + Math.min(high, 0));
        terms.add(high < 0 ? padded(own, 0, -high) : own);
        if (low > 0) {
            terms.add(padded(fromAfter(extended.slice(along, 0, low), 0), size - low, 0));
        }
        if (high > 0) {
            terms.add(padded(fromBefore(extended.slice(along, low + size, high), 0), 0, size - high));
        }
        return Tensor.sumOf(terms);
    }

    private Tensor padded(Tensor blocks, long before, long after) {
        List<Long> low = new ArrayList<>();
        List<Long> high = new ArrayList<>();
        for (int i = 0; i < blocks.numDims(); i++) {
            low.add(i == dim + 1 ? before : 0L);
            high.add(i == dim + 1 ? after : 0L);
        }
        return blocks.apply(new Pad(low, high, 0)).get(0);
    }

    private Tensor fromBefore(Tensor blocks, double fill) {
        return filledAt(blocks.apply(new Roll(0, true)).get(0), 0, fill);
    }

    private Tensor fromAfter(Tensor blocks, double fill) {
        return filledAt(blocks.apply(new Roll(0, false)).get(0), count - 1, fill);
    }

    private static Tensor filledAt(Tensor blocks, int block, double fill) {
        TensorType indices = new TensorType(DType.INT32, blocks.shape());
        Tensor index = blocks.iota(indices, 0);
        return Tensor.select(index.equalTo(index.scalar(block)), blocks.filled(fill), blocks);
    }
}
