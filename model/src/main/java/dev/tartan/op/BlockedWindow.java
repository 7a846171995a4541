package dev.tartan.op;

import dev.tartan.graph.Op;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * How a window slides over images that are cut into blocks: over each block with a halo from its neighbours, as if it
 * were an image without padding of its own.
 */
final class BlockedWindow {
    private final ImageBlocks blocks;
    private final Window2d inner;
    private final long low;
    private final long high;
    private final long size;

    private BlockedWindow(ImageBlocks blocks, Window2d inner, long low, long high, long size) {
        this.blocks = blocks;
        this.inner = inner;
        this.low = low;
        this.high = high;
        this.size = size;
    }

    /**
     * The window over images of {@code height} by {@code width} in blocks; null if positions do not fall to blocks as
     * elements do, or a halo is larger than a block.
     */
    static @Nullable BlockedWindow of(ImageBlocks blocks, Window2d window, long height, long width) {
        boolean isHeight = blocks.dim() == 2;
        Window along = window.along(blocks.dim());
        long in = isHeight ? height : width;
        long positions = along.positions(in);
        long size = in / blocks.count();
        long high = along.reach() - along.low() - along.stride();
        if (in % blocks.count() != 0
                || positions % blocks.count() != 0
                || positions * along.stride() != in
                || along.low() > size
                || high > size
                || -high >= size) {
            return null;
        }
        Window bare = new Window(along.size(), along.stride(), along.dilation(), 0, 0);
        Window2d inner = isHeight ? new Window2d(bare, window.width()) : new Window2d(window.height(), bare);
        return new BlockedWindow(blocks, inner, along.low(), high, size);
    }

    /** The window over a block with its halo. */
    Window2d inner() {
        return inner;
    }

    /** The size of blocks with their halo, of images of such a size. */
    long extended(int dim, long imageSize) {
        return dim == blocks.dim() ? low + size + high : imageSize;
    }

    /** Images as samples that are blocks with their halo. */
    Tensor extend(Tensor images, double fill) {
        return ImageBlocks.asSamples(blocks.withHalo(blocks.cut(images), low, high, fill));
    }

    /** A tensor with an element for each position, as samples that are blocks. */
    Tensor cut(Tensor positions) {
        return ImageBlocks.asSamples(blocks.cut(positions));
    }

    /** What {@link #cut} was given. */
    Tensor joined(Tensor samples) {
        return blocks.joined(blocks.asBlocks(samples));
    }

    /** Images of samples that are blocks with what they have for their neighbours. */
    Tensor collected(Tensor samples) {
        return blocks.joined(blocks.withoutHalo(blocks.asBlocks(samples), low, high, size));
    }

    /** Makes an op of the same kind with another window, on images of such a size. */
    @FunctionalInterface
    interface Sized {
        Op of(Window2d window, long height, long width);
    }

    /** What an op on images gives for each position of its window, by the op on blocks; null if they cannot be cut. */
    static @Nullable List<Tensor> forward(
            ImageBlocks blocks, Window2d window, List<Tensor> operands, double fill, Function<Window2d, Op> op) {
        Tensor x = operands.get(0);
        BlockedWindow cut = of(blocks, window, x.shape().dim(2), x.shape().dim(3));
        if (cut == null) {
            return null;
        }
        Tensor extended = cut.extend(x, fill);
        return List.of(
                cut.joined(extended.apply(op.apply(cut.inner), others(operands)).get(0)));
    }

    /** The images that an op makes from what is at each position, by the op on blocks; null if they cannot be cut. */
    static @Nullable List<Tensor> backward(
            ImageBlocks blocks, Window2d window, long height, long width, List<Tensor> operands, Sized op) {
        BlockedWindow cut = of(blocks, window, height, width);
        if (cut == null) {
            return null;
        }
        Op inner = op.of(cut.inner, cut.extended(2, height), cut.extended(3, width));
        return List.of(cut.collected(
                cut.cut(operands.get(0)).apply(inner, others(operands)).get(0)));
    }

    /** The gradient of filters from images and what is at each position, by the op on blocks; null if not cut. */
    static @Nullable List<Tensor> filterGrad(
            ImageBlocks blocks, Window2d window, List<Tensor> operands, Function<Window2d, Op> op) {
        Tensor x = operands.get(0);
        BlockedWindow cut = of(blocks, window, x.shape().dim(2), x.shape().dim(3));
        return cut == null ? null : cut.extend(x, 0).apply(op.apply(cut.inner), cut.cut(operands.get(1)));
    }

    private static Tensor[] others(List<Tensor> operands) {
        return operands.subList(1, operands.size()).toArray(Tensor[]::new);
    }
}
