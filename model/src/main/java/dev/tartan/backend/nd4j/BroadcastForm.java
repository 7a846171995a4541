package dev.tartan.backend.nd4j;

import dev.tartan.mesh.Shape;
import java.util.ArrayList;
import java.util.List;

/**
 * Operands' shapes that broadcast to one result, with as few dims as say the same: neighbours that are stretched alike
 * are merged. For example {@code [8, 256, 512]} and {@code [512]} become {@code [2048, 512]} and {@code [1, 512]}.
 *
 * @param result dims of the result, at least one
 * @param operands dims of each operand, as many as of the result, 1 where it is stretched
 */
record BroadcastForm(long[] result, List<long[]> operands) {
    static BroadcastForm of(Shape result, List<Shape> shapes) {
        int numDims = result.numDims();
        List<Long> merged = new ArrayList<>();
        List<List<Long>> parts = new ArrayList<>();
        shapes.forEach(shape -> parts.add(new ArrayList<>()));
        String previous = "";
        for (int i = 0; i < numDims; i++) {
            long size = result.dim(i);
            if (size == 1) {
                continue;
            }
            StringBuilder pattern = new StringBuilder();
            for (Shape shape : shapes) {
                pattern.append(sizeAt(shape, i, numDims) == 1 ? 's' : 'k');
            }
            boolean extend = previous.contentEquals(pattern);
            previous = pattern.toString();
            append(merged, size, extend);
            for (int operand = 0; operand < shapes.size(); operand++) {
                append(parts.get(operand), sizeAt(shapes.get(operand), i, numDims), extend);
            }
        }
        if (merged.isEmpty()) {
            merged.add(1L);
            parts.forEach(part -> part.add(1L));
        }
        return new BroadcastForm(
                toArray(merged), parts.stream().map(BroadcastForm::toArray).toList());
    }

    private static long sizeAt(Shape shape, int dim, int numDims) {
        int own = dim - (numDims - shape.numDims());
        return own < 0 ? 1 : shape.dim(own);
    }

    private static void append(List<Long> sizes, long size, boolean extend) {
        if (extend) {
            int last = sizes.size() - 1;
            sizes.set(last, sizes.get(last) * size);
        } else {
            sizes.add(size);
        }
    }

    private static long[] toArray(List<Long> sizes) {
        return sizes.stream().mapToLong(Long::longValue).toArray();
    }
}
