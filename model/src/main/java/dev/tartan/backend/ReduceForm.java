package dev.tartan.backend;

import dev.tartan.mesh.Shape;
import java.util.ArrayList;
import java.util.List;

/**
 * A reduction with as few dims as say the same: neighbours that are reduced alike are merged, dims of size 1 left out.
 *
 * @param sizes sizes of the merged dims
 * @param reduced whether each is reduced
 */
public record ReduceForm(List<Long> sizes, List<Boolean> reduced) {
    /** The form of reducing {@code reducedDims} of a tensor of this shape. */
    public static ReduceForm of(Shape shape, List<Integer> reducedDims) {
        List<Long> sizes = new ArrayList<>();
        List<Boolean> reduced = new ArrayList<>();
        for (int i = 0; i < shape.numDims(); i++) {
            if (shape.dim(i) == 1) {
                continue;
            }
            boolean isReduced = reducedDims.contains(i);
            int last = sizes.size() - 1;
            if (last >= 0 && reduced.get(last) == isReduced) {
                sizes.set(last, sizes.get(last) * shape.dim(i));
            } else {
                sizes.add(shape.dim(i));
                reduced.add(isReduced);
            }
        }
        return new ReduceForm(List.copyOf(sizes), List.copyOf(reduced));
    }

    /** How many merged dims are reduced. */
    public long numReduced() {
        return reduced.stream().filter(Boolean::booleanValue).count();
    }
}
