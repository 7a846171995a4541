package dev.tartan.checkpoint.sharded;

import dev.tartan.checkpoint.SafetensorsType;
import dev.tartan.mesh.Shape;
import java.util.List;

/**
 * A tensor of a checkpoint. Its boxes do not overlap and have all of its elements.
 *
 * @param kind what it is, in one word, such as {@code parameter} or {@code optimizer}
 * @param parameter the parameter that it is, or belongs to
 * @param shape of the whole tensor, the same whatever mesh it was written from
 * @param view the shape along whose dims boxes are cut: the same elements in row-major order
 * @param layout in which it was kept, for people
 */
public record StoredTensor(
        String name,
        String kind,
        String parameter,
        SafetensorsType type,
        Shape shape,
        Shape view,
        String layout,
        List<StoredBox> boxes) {
    public StoredTensor {
        boxes = List.copyOf(boxes);
        if (shape.numElements() != view.numElements()) {
            throw new IllegalArgumentException("tensor has two numbers of elements: tensor=" + name + ", shape=" + shape
                    + ", view=" + view + ". Give a reshape.");
        }
    }

    /** Bytes of all elements. */
    public long bytes() {
        return Math.multiplyExact(shape.numElements(), (long) type.bytes());
    }
}
