package dev.tartan.spark.drill;

import dev.tartan.network.Network;
import dev.tartan.network.PresentFields;
import dev.tartan.train.data.BatchSource;
import dev.tartan.train.data.BatchSpec;
import dev.tartan.train.data.HostBatch;
import dev.tartan.train.data.SampleSource;
import java.nio.file.Path;

/**
 * Samples whose reader fails when a {@link Markers marker} says so, and waits for the driver.
 *
 * @param samples what is read
 * @param markers folder of the markers
 */
public record DrillSamples(SampleSource samples, Path markers) implements SampleSource {
    @Override
    public PresentFields fields(Network network) {
        return samples.fields(network);
    }

    @Override
    public BatchSource open(BatchSpec spec) {
        BatchSource source = samples.open(spec);
        Markers set = new Markers(markers);
        return new BatchSource() {
            @Override
            public HostBatch samples(long step, int first, int count) {
                set.awaitDriver(step);
                if (set.take(Markers.THROW)) {
                    throw new IllegalStateException("drill makes a task fail: step=" + step);
                }
                if (set.take(Markers.OUT_OF_MEMORY)) {
                    long[] tooMuch = new long[Integer.MAX_VALUE - 8];
                    throw new IllegalStateException(
                            "drill's heap is too large to run out of memory: elements=" + tooMuch.length);
                }
                return source.samples(step, first, count);
            }

            @Override
            public long stepsPerEpoch() {
                return source.stepsPerEpoch();
            }

            @Override
            public void close() {
                source.close();
            }
        };
    }
}
