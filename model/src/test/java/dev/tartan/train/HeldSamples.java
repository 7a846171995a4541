package dev.tartan.train;

import dev.tartan.checkpoint.TensorSlice;
import dev.tartan.network.BatchField;
import dev.tartan.network.Network;
import dev.tartan.network.PresentFields;
import dev.tartan.train.data.BatchSource;
import dev.tartan.train.data.BatchSpec;
import dev.tartan.train.data.HostBatch;
import dev.tartan.train.data.HostTensor;
import dev.tartan.train.data.SampleSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Ready batches in memory, one for each step. */
public record HeldSamples(List<Map<String, HostTensor>> steps) implements SampleSource {
    @Override
    public PresentFields fields(Network network) {
        Map<String, HostTensor> first = steps.get(0);
        return new PresentFields(
                network.batchFields().stream()
                        .filter(BatchField::optional)
                        .map(BatchField::name)
                        .filter(first::containsKey)
                        .collect(Collectors.toSet()),
                first.containsKey(PresentFields.SAMPLE_WEIGHT.name()));
    }

    @Override
    public BatchSource open(BatchSpec spec) {
        return new BatchSource() {
            @Override
            public HostBatch samples(long step, int first, int count) {
                Map<String, HostTensor> part = new LinkedHashMap<>();
                steps.get((int) step)
                        .forEach((name, tensor) ->
                                part.put(name, tensor.slice(TensorSlice.rows(tensor.shape(), first, count))));
                return new HostBatch(part);
            }

            @Override
            public void close() {
                // Nothing is open.
            }
        };
    }
}
