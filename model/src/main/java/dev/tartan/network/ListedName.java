package dev.tartan.network;

import dev.tartan.graph.Block;
import org.jspecify.annotations.Nullable;

/** Names of parts that are elements of lists: {@code h.3} is element 3 of {@code h}. */
final class ListedName {
    /** So that every index is an int. */
    private static final int MAX_DIGITS = 9;

    private ListedName() {}

    /**
     * The block that a part is: an element of the outermost list in its name.
     *
     * @param parentPath full name of the module that declares the part
     * @param name as declared
     * @param mayBeAlone whether a part that is in no list is a block too
     */
    static @Nullable Block blockOf(String parentPath, String name, boolean mayBeAlone) {
        String path = parentPath;
        for (String part : name.split("\\.", -1)) {
            if (isIndex(part)) {
                return new Block(path, Integer.parseInt(part));
            }
            path = path.isEmpty() ? part : path + "." + part;
        }
        return mayBeAlone ? new Block(path, Block.ALONE) : null;
    }

    private static boolean isIndex(String part) {
        return !part.isEmpty() && part.length() <= MAX_DIGITS && part.chars().allMatch(c -> c >= '0' && c <= '9');
    }
}
