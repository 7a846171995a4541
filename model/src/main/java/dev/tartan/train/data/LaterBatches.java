package dev.tartan.train.data;

import java.util.List;

/**
 * The samples of a source without its first steps.
 *
 * @param source closed by whoever opened it
 * @param skipped how many steps are left out
 */
public record LaterBatches(BatchSource source, long skipped) implements BatchSource {
    @Override
    public HostBatch samples(long step, int first, int count) {
        return source.samples(Math.addExact(skipped, step), first, count);
    }

    @Override
    public long stepsPerEpoch() {
        return source.stepsPerEpoch();
    }

    @Override
    public List<String> notes() {
        return source.notes();
    }

    @Override
    public void close() {
        // Whoever opened the source closes it.
    }
}
