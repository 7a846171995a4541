package dev.tartan.train;

import dev.tartan.checkpoint.CheckpointFiles;
import dev.tartan.checkpoint.SafetensorsWriter;
import dev.tartan.checkpoint.TensorDeclaration;
import dev.tartan.checkpoint.TensorSlice;
import dev.tartan.graph.DType;
import dev.tartan.mesh.Shape;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.UnaryOperator;

/** The tensors of a checkpoint in memory, to be changed and written to one float32 file. */
final class TensorChanges {
    private final Map<String, Shape> shapes = new LinkedHashMap<>();
    private final Map<String, float[]> values = new LinkedHashMap<>();

    private TensorChanges() {}

    static TensorChanges of(Path checkpoint) {
        TensorChanges changes = new TensorChanges();
        try (CheckpointFiles files = CheckpointFiles.open(checkpoint)) {
            files.tensors().forEach((name, entry) -> {
                changes.shapes.put(name, entry.shape());
                changes.values.put(name, files.readFloats(name, TensorSlice.whole(entry.shape())));
            });
        }
        return changes;
    }

    TensorChanges rename(UnaryOperator<String> name) {
        for (String old : List.copyOf(shapes.keySet())) {
            Shape shape = Objects.requireNonNull(shapes.remove(old));
            float[] tensor = Objects.requireNonNull(values.remove(old));
            shapes.put(name.apply(old), shape);
            values.put(name.apply(old), tensor);
        }
        return this;
    }

    /** Adds a tensor of zeros. */
    TensorChanges put(String name, long... dims) {
        shapes.put(name, Shape.shape(dims));
        values.put(name, new float[(int) Shape.shape(dims).numElements()]);
        return this;
    }

    TensorChanges copy(String from, String to) {
        shapes.put(to, Objects.requireNonNull(shapes.get(from)));
        values.put(to, values(from).clone());
        return this;
    }

    TensorChanges remove(String name) {
        shapes.remove(name);
        values.remove(name);
        return this;
    }

    /** The values of a tensor, which may be changed. */
    float[] values(String name) {
        return Objects.requireNonNull(values.get(name));
    }

    Path write(Path path) {
        return write(path, Map.of());
    }

    Path write(Path path, Map<String, String> metadata) {
        List<TensorDeclaration> declarations = shapes.entrySet().stream()
                .map(tensor -> new TensorDeclaration(tensor.getKey(), DType.FLOAT32, tensor.getValue()))
                .toList();
        try (SafetensorsWriter writer = SafetensorsWriter.create(path, declarations, metadata)) {
            shapes.forEach((name, shape) -> writer.writeFloats(name, TensorSlice.whole(shape), values(name)));
            writer.finish();
        }
        return path;
    }
}
