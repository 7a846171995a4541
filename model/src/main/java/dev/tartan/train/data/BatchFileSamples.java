package dev.tartan.train.data;

import dev.tartan.checkpoint.SafetensorsEntry;
import dev.tartan.checkpoint.SafetensorsReader;
import dev.tartan.mesh.Shape;
import dev.tartan.network.BatchField;
import dev.tartan.network.Network;
import dev.tartan.network.PresentFields;
import dev.tartan.path.UriPath;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A safetensors file of ready batches, batch s for step s: each field of the network {@code [steps, batch,
 * sampleShape...]}, and {@code sample.weight [steps, batch]} if samples have weights.
 *
 * @param path the file; relative to the working directory unless absolute, or in a store ({@link UriPath#of})
 */
public record BatchFileSamples(Path path) implements SampleSource {
    /** Takes a path that is not a URI taken for a local one. */
    public BatchFileSamples {
        UriPath.checked(path);
    }

    @Override
    public PresentFields fields(Network network) {
        if (!Files.exists(path)) {
            // A plan can be made without its data.
            return PresentFields.REQUIRED;
        }
        try (SafetensorsReader reader = BatchFileBatches.open(path)) {
            Set<String> stored = reader.tensors().keySet();
            return new PresentFields(
                    network.batchFields().stream()
                            .filter(BatchField::optional)
                            .map(BatchField::name)
                            .filter(stored::contains)
                            .collect(Collectors.toUnmodifiableSet()),
                    stored.contains(PresentFields.SAMPLE_WEIGHT.name()));
        }
    }

    @Override
    public SampleSet openAll(BatchSpec spec) {
        Shape stored;
        try (SafetensorsReader reader = BatchFileBatches.open(path)) {
            SafetensorsEntry first = reader.tensors().get(spec.fields().get(0).name());
            // Of a tensor that is missing or of other dims, opening below says so.
            stored = first != null && first.shape().numDims() >= 2 ? first.shape() : Shape.shape(1, 1);
        }
        BatchSpec own =
                new BatchSpec(spec.fields(), Math.toIntExact(stored.dim(1)), stored.dim(0), spec.seed(), spec.output());
        BatchFileBatches batches = BatchFileBatches.open(path, own);
        try {
            return new BatchFileSet(batches, stored);
        } catch (RuntimeException e) {
            batches.close();
            throw e;
        }
    }

    @Override
    public BatchSource open(BatchSpec spec) {
        return BatchFileBatches.open(path, spec);
    }
}
