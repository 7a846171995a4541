package dev.tartan.train;

import dev.tartan.checkpoint.CheckpointFiles;
import dev.tartan.checkpoint.TensorDeclaration;
import dev.tartan.checkpoint.TensorSlice;
import dev.tartan.graph.DType;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.Shape;
import dev.tartan.train.data.TextSamples;
import dev.tartan.train.graph.PlannedState;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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

    /** The free text in it. */
    static Map<String, String> metadata(TrainingPlan plan) {
        Map<String, String> metadata = new LinkedHashMap<>(Map.of("format", "pt"));
        if (plan.samples() instanceof TextSamples) {
            metadata.putAll(TextVocabulary.metadata());
        }
        return metadata;
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
        TensorSlice box = state.box(mesh, rank);
        Shape shard = state.shardShape(mesh);
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
