package dev.tartan.train;

import dev.tartan.checkpoint.CheckpointFiles;
import dev.tartan.checkpoint.TensorDeclaration;
import dev.tartan.checkpoint.TensorSlice;
import dev.tartan.graph.DType;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.NamedSharding;
import dev.tartan.mesh.Shape;
import dev.tartan.mesh.ShardRange;
import java.util.List;
import java.util.Set;

/** The network's parameters in a safetensors file: whole tensors under their Hugging Face names and shapes. */
final class ParameterFile {
    private ParameterFile() {}

    /** What the file written after training holds. */
    static List<TensorDeclaration> declarations(List<PlannedState> parameters) {
        return parameters.stream()
                .map(parameter -> new TensorDeclaration(
                        parameter.name(), DType.FLOAT32, parameter.fileShape(), parameter.logicalShape()))
                .toList();
    }

    /** The box of a tensor that a rank holds, without padding; it may be empty. */
    static TensorSlice box(Mesh mesh, PlannedState state, int rank) {
        List<ShardRange> ranges = ShardRange.block(NamedSharding.of(mesh, state.spec()), state.shape(), rank);
        long[] starts = new long[ranges.size()];
        long[] sizes = new long[ranges.size()];
        for (int dim = 0; dim < ranges.size(); dim++) {
            long end = Math.min(ranges.get(dim).end(), state.logicalShape().dim(dim));
            starts[dim] = Math.min(ranges.get(dim).start(), end);
            sizes[dim] = end - starts[dim];
        }
        return TensorSlice.of(starts, sizes);
    }

    /** Whether a rank is the one that writes its shard: the first of those that hold the same. */
    static boolean isWriter(Mesh mesh, PlannedState state, int rank) {
        Set<String> used = Set.copyOf(state.spec().usedAxes());
        return mesh.axisNames().stream()
                .filter(axis -> !used.contains(axis))
                .allMatch(axis -> mesh.coordinate(rank, axis) == 0);
    }

    /** The values of a rank's shard as {@code tensor} of a checkpoint has them, padding zero. */
    static float[] read(CheckpointFiles files, String tensor, Mesh mesh, PlannedState state, int rank) {
        TensorSlice box = box(mesh, state, rank);
        Shape shard = NamedSharding.of(mesh, state.spec()).localShape(state.shape());
        return padded(files.readFloats(tensor, state.logicalShape(), box), box, shard);
    }

    /** The values of a box placed at the start of a larger shard, the rest zero. */
    private static float[] padded(float[] values, TensorSlice box, Shape shard) {
        if (box.shape().equals(shard)) {
            return values;
        }
        float[] whole = new float[Math.toIntExact(shard.numElements())];
        TensorSlice.of(new long[shard.numDims()], box.sizes())
                .forEachRun(
                        shard,
                        (wholeOffset, boxOffset, numElements) ->
                                System.arraycopy(values, (int) boxOffset, whole, (int) wholeOffset, (int) numElements));
        return whole;
    }

    /** The values of a shard that lie in the box at its start. */
    static float[] unpadded(float[] shardValues, TensorSlice box, Shape shard) {
        if (box.shape().equals(shard)) {
            return shardValues;
        }
        float[] values = new float[Math.toIntExact(box.numElements())];
        TensorSlice.of(new long[shard.numDims()], box.sizes())
                .forEachRun(
                        shard,
                        (wholeOffset, boxOffset, numElements) -> System.arraycopy(
                                shardValues, (int) wholeOffset, values, (int) boxOffset, (int) numElements));
        return values;
    }
}
