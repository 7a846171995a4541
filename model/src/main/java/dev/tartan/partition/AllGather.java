package dev.tartan.partition;

import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import java.util.List;
import java.util.stream.LongStream;

/** Stacks the tensors of all ranks of a group: {@code [...] -> [numRanks, ...]}. Cost: sends P-1 times the bytes. */
public record AllGather(List<String> axes, int numRanks) implements Collective {
    public AllGather {
        axes = List.copyOf(axes);
    }

    @Override
    public String name() {
        return "all_gather";
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        TensorType type = operands.get(0);
        long[] dims = LongStream.concat(
                        LongStream.of(numRanks), LongStream.of(type.shape().dims()))
                .toArray();
        return List.of(type.withShape(Shape.shape(dims)));
    }

    @Override
    public long bytesOnWire(TensorType operand) {
        return operand.bytes() * (numRanks - 1);
    }
}
