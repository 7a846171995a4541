package dev.tartan.partition;

import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import java.util.Arrays;
import java.util.List;

/**
 * Sums over a group and leaves rank r with slice r: {@code [numRanks, ...] -> [...]}. Cost: sends (P-1)/P of the bytes.
 */
public record ReduceScatter(List<String> axes, int numRanks) implements Collective {
    public ReduceScatter {
        axes = List.copyOf(axes);
    }

    @Override
    public String name() {
        return "reduce_scatter";
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        TensorType type = operands.get(0);
        if (type.numDims() == 0 || type.shape().dim(0) != numRanks) {
            throw new IllegalArgumentException(
                    "reduce_scatter needs one slice per rank: operand=" + type + ", ranks=" + numRanks + ".");
        }
        long[] dims = type.shape().dims();
        return List.of(type.withShape(Shape.shape(Arrays.copyOfRange(dims, 1, dims.length))));
    }

    @Override
    public long bytesOnWire(TensorType operand) {
        return operand.bytes() * (numRanks - 1) / numRanks;
    }
}
