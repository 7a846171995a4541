package dev.tartan.op;

/**
 * How a window slides along one dim. It covers {@code size} elements that are {@code dilation} apart and moves by
 * {@code stride}; the dim is extended by {@code low} elements before and {@code high} elements after it.
 *
 * <p>For example size 3, stride 2, dilation 1, low 0 and high 1 on a dim of 4 elements: the window is at elements 0 to
 * 2, then at 2 to 4, of which the last is padding. So there are 2 positions.
 *
 * @param size elements in the window
 * @param stride elements from one position to the next
 * @param dilation elements from one element of the window to the next
 * @param low padding before the dim
 * @param high padding after the dim
 */
public record Window(int size, int stride, int dilation, int low, int high) {
    /** A window that covers one element of a dim at a time, so that positions are elements. */
    public static final Window ONE = new Window(1, 1, 1, 0, 0);

    /**
     * Makes the window.
     *
     * @throws IllegalArgumentException if size, stride or dilation is less than 1, or a padding less than 0
     */
    public Window {
        if (size < 1 || stride < 1 || dilation < 1 || low < 0 || high < 0) {
            throw new IllegalArgumentException("window has an impossible amount: size=" + size + ", stride=" + stride
                    + ", dilation=" + dilation + ", low=" + low + ", high=" + high
                    + ". Give 1 or more, and 0 or more for the padding.");
        }
    }

    /**
     * A window over a dim that is padded by {@code padding} on either side. It has {@code floor((in + 2 padding - (size
     * - 1) dilation - 1) / stride) + 1} positions; elements at the end that fill no window are left out. DL4J calls
     * this convolution mode Truncate.
     *
     * @throws IllegalArgumentException if size, stride or dilation is less than 1, or {@code padding} less than 0
     */
    public static Window padded(int size, int stride, int dilation, int padding) {
        return new Window(size, stride, dilation, padding, padding);
    }

    /**
     * A window over a dim of {@code in} elements that is padded so that there are {@code ceil(in / stride)} positions,
     * as TensorFlow and DL4J do in mode Same. The smaller half of the padding is before the dim.
     *
     * @throws IllegalArgumentException if size, stride or dilation is less than 1
     */
    public static Window same(long in, int size, int stride, int dilation) {
        Window bare = new Window(size, stride, dilation, 0, 0);
        long positions = (in + stride - 1) / stride;
        int total = Math.toIntExact(Math.max(0, (positions - 1) * stride + bare.reach() - in));
        return new Window(size, stride, dilation, total / 2, total - total / 2);
    }

    /** Whether the window is at one element after the other, so that each position is its element. */
    public boolean isPointwise() {
        return size == 1 && stride == 1 && low == 0 && high == 0;
    }

    /** Whether no two windows share an element, and none covers padding. */
    boolean isApart() {
        return low == 0 && high == 0 && reach() <= stride;
    }

    /** Elements from the first to the last of a window, both included. */
    public long reach() {
        return (size - 1L) * dilation + 1;
    }

    /** How many positions the window has on a dim of {@code in} elements; 0 if it does not fit even once. */
    public long positions(long in) {
        long room = in + low + high - reach();
        return room < 0 ? 0 : room / stride + 1;
    }

    /**
     * The fewest elements of a dim on which the window has {@code positions}: {@code stride (positions - 1) + reach -
     * low - high}. It is the size that a transposed convolution gives in DL4J's mode Truncate.
     */
    public long fewestElements(long positions) {
        return stride * (positions - 1) + reach() - low - high;
    }

    /** How many elements of a dim of {@code in}, and not of its padding, the window covers at {@code position}. */
    public int covered(long position, long in) {
        int count = 0;
        for (int i = 0; i < size; i++) {
            long element = position * stride - low + (long) i * dilation;
            count += element >= 0 && element < in ? 1 : 0;
        }
        return count;
    }

    /** Whether the window covers at least one element of a dim of {@code in} wherever it is. */
    boolean alwaysCovers(long in) {
        for (long position = 0; position < positions(in); position++) {
            if (covered(position, in) == 0) {
                return false;
            }
        }
        return true;
    }
}
