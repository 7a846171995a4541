package dev.tartan.train.data;

import dev.tartan.checkpoint.InvalidCheckpointException;
import dev.tartan.mesh.Shape;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** All samples of a file of batches, one batch after the other, whatever their size. */
final class BatchFileSet implements SampleSet {
    private final BatchFileBatches batches;
    private final long numBatches;
    private final int size;

    /**
     * Opens a file.
     *
     * @throws InvalidCheckpointException if it is empty
     */
    BatchFileSet(BatchFileBatches batches, Shape stored) {
        this.batches = batches;
        this.numBatches = stored.dim(0);
        this.size = Math.toIntExact(stored.dim(1));
        if (numSamples() == 0) {
            throw new InvalidCheckpointException(
                    "batch file has no samples to validate on: shape=" + stored + ". Store one or more.");
        }
    }

    @Override
    public long numSamples() {
        return numBatches * size;
    }

    @Override
    public HostBatch samples(long first, int count) {
        Map<String, List<HostTensor>> parts = new LinkedHashMap<>();
        long at = first;
        while (at < first + count) {
            int from = Math.toIntExact(at % size);
            int taken = Math.toIntExact(Math.min(size - from, first + count - at));
            batches.samples(at / size, from, taken)
                    .tensors()
                    .forEach((name, tensor) -> parts.computeIfAbsent(name, absent -> new ArrayList<>())
                            .add(tensor));
            at += taken;
        }
        Map<String, HostTensor> joined = new LinkedHashMap<>();
        parts.forEach((name, tensors) -> joined.put(name, HostTensor.concat(tensors)));
        return new HostBatch(joined);
    }

    @Override
    public void close() {
        batches.close();
    }
}
