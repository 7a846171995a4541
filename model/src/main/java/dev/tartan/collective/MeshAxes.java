package dev.tartan.collective;

import java.util.ArrayList;
import java.util.List;

/**
 * The axes of a mesh and which ranks communicate along them. Mesh ranks are row-major over the axes, the first axis
 * major.
 *
 * <p>Example, axes {@code data=2, model=2}: along {@code [model]} the groups are {@code {0,1} {2,3}}, along
 * {@code [data]} {@code {0,2} {1,3}}, along {@code [model, data]} the one group {@code {0,2,1,3}}.
 *
 * @param names of the axes, each once
 * @param sizes of the axes
 */
public record MeshAxes(List<String> names, List<Integer> sizes) {
    /**
     * Copies the lists.
     *
     * @throws IllegalArgumentException if names and sizes do not pair up, a name is repeated, or a size is below 1
     */
    public MeshAxes {
        boolean valid = names.size() == sizes.size()
                && names.stream().distinct().count() == names.size()
                && sizes.stream().allMatch(size -> size >= 1);
        if (!valid) {
            throw new IllegalArgumentException("mesh axes are not valid: axisNames=" + names + ", axisSizes=" + sizes
                    + ". Give one size of 1 or more per distinct name.");
        }
        names = List.copyOf(names);
        sizes = List.copyOf(sizes);
    }

    /** Number of ranks in the mesh. */
    public int numRanks() {
        return sizes.stream().reduce(1, Math::multiplyExact);
    }

    /**
     * The mesh ranks that share all of {@code rank}'s coordinates but those along {@code axes}, in the order of these
     * coordinates, the first axis major.
     *
     * @throws IllegalArgumentException if the rank or an axis does not exist, or an axis is given twice
     */
    public List<Integer> members(int rank, List<String> axes) {
        if (rank < 0 || rank >= numRanks()) {
            throw new IllegalArgumentException("rank is not in the mesh: rank=" + rank + ", numRanks=" + numRanks()
                    + ". Use ranks from 0 to " + (numRanks() - 1) + ".");
        }
        List<Integer> members = List.of(rank);
        for (int i = 0; i < axes.size(); i++) {
            int axis = names.indexOf(axes.get(i));
            if (axis < 0 || axes.indexOf(axes.get(i)) != i) {
                throw new IllegalArgumentException("axes of a group are unknown or repeated: axes=" + axes
                        + ", meshAxes=" + names + ". Name each mesh axis at most once.");
            }
            int stride = 1;
            for (int minor = axis + 1; minor < sizes.size(); minor++) {
                stride *= sizes.get(minor);
            }
            int coordinate = rank / stride % sizes.get(axis);
            List<Integer> spread = new ArrayList<>();
            for (int member : members) {
                for (int along = 0; along < sizes.get(axis); along++) {
                    spread.add(member + (along - coordinate) * stride);
                }
            }
            members = spread;
        }
        return List.copyOf(members);
    }
}
