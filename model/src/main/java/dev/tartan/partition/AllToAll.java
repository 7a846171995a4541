package dev.tartan.partition;

import dev.tartan.graph.TensorType;
import java.util.List;

/**
 * Sends slice r to rank r and stacks what arrives by sender: {@code [numRanks, ...] -> [numRanks, ...]}. Cost: sends
 * (P-1)/P of the bytes.
 */
public record AllToAll(List<String> axes, int numRanks) implements Collective {
    public AllToAll {
        axes = List.copyOf(axes);
    }

    @Override
    public String name() {
        return "all_to_all";
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        TensorType type = operands.get(0);
        if (type.numDims() == 0 || type.shape().dim(0) != numRanks) {
            throw new IllegalArgumentException(
                    "all_to_all needs one slice per rank: operand=" + type + ", ranks=" + numRanks + ".");
        }
        return List.of(type);
    }

    @Override
    public long bytesOnWire(TensorType operand) {
        return operand.bytes() * (numRanks - 1) / numRanks;
    }
}
