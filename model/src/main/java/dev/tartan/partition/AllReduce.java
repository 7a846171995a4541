package dev.tartan.partition;

import dev.tartan.graph.Reduction;
import dev.tartan.graph.TensorType;
import java.util.List;

/** Combines the tensors of all ranks of a group; each gets the whole. Cost: sends 2 (P-1)/P of the bytes. */
public record AllReduce(List<String> axes, int numRanks, Reduction reduction) implements Collective {
    public AllReduce {
        axes = List.copyOf(axes);
    }

    @Override
    public String name() {
        return reduction == Reduction.SUM
                ? "all_reduce"
                : "all_reduce_" + reduction.name().toLowerCase(java.util.Locale.ROOT);
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        return List.of(operands.get(0));
    }

    @Override
    public List<Integer> inPlaceOperands() {
        return List.of(0);
    }

    @Override
    public long bytesOnWire(TensorType operand) {
        return 2 * operand.bytes() * (numRanks - 1) / numRanks;
    }
}
