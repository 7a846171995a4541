package dev.tartan.checkpoint.sharded;

import dev.tartan.checkpoint.SafetensorsType;
import dev.tartan.checkpoint.TensorSlice;
import dev.tartan.mesh.Shape;

/**
 * A box of a tensor that a file is to hold. The file says which box it is, so that it can be held against the manifest.
 *
 * @param view the shape along whose dims the box is cut
 */
public record ShardTensor(String name, SafetensorsType type, Shape view, TensorSlice box) {
    /** Under which key the metadata of a file says which box it holds. */
    static String key(String tensor) {
        return "box of " + tensor;
    }

    /** What it says, for example {@code [0:4, 3:6] of [4, 6]}. */
    static String text(Shape view, TensorSlice box) {
        return box + " of " + view;
    }
}
