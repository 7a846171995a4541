package dev.tartan.train.data;

import dev.tartan.checkpoint.SafetensorsReader;
import dev.tartan.network.BatchField;
import dev.tartan.network.Network;
import dev.tartan.network.PresentFields;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A safetensors file of ready batches, batch s for step s: each field of the network {@code [steps, batch,
 * sampleShape...]}, and {@code sample.weight [steps, batch]} if samples have weights.
 *
 * @param path the file; relative to the working directory unless absolute
 */
public record BatchFileSamples(Path path) implements SampleSource {
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
    public BatchSource open(BatchSpec spec) {
        return BatchFileBatches.open(path, spec);
    }
}
