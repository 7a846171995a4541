package dev.tartan.graph;

/**
 * A part of a network that is recomputed, gathered and planned as one, usually one of several that are alike: {@code h}
 * and 3 for {@code h.3}.
 *
 * @param list the full name of the list it is an element of; the own name of a block that stands alone
 * @param index in that list, or {@link #ALONE}
 */
public record Block(String list, int index) {
    /** The index of a block that is in no list. */
    public static final int ALONE = -1;

    /** The full name of the block, for people. */
    @Override
    public String toString() {
        if (index == ALONE) {
            return list;
        }
        return list.isEmpty() ? Integer.toString(index) : list + "." + index;
    }
}
