package dev.tartan.train.planner;

import dev.tartan.plan.DeviceTraits;
import dev.tartan.train.TrainingJob;
import dev.tartan.train.config.StrategyConfig;
import java.util.List;

/**
 * Estimates the peak of candidates from shallow networks. Within {@link #MAX_ERROR} of what a compile finds; below it
 * rather than above, because buffers do not always pack without gaps. Thread-safe.
 */
final class EstimateMemory {
    /** The largest share by which an estimate has been seen to be off; what tests allow. */
    static final double MAX_ERROR = 0.05;

    private final TrainingJob job;
    private final MeasureNetwork networks;

    EstimateMemory(TrainingJob job, DeviceTraits traits) {
        this.job = job;
        this.networks = new MeasureNetwork(job, traits);
    }

    /** Compiles what all of these candidates need, several at a time. */
    void prepare(List<Candidate> candidates) {
        candidates.stream().map(MeasureNetwork.Layout::of).distinct().toList().parallelStream()
                .forEach(networks::measure);
    }

    /** Estimated bytes of one device's memory. */
    long peakBytes(Candidate candidate) {
        StrategyConfig strategy = candidate.in(job).strategy();
        StrategyMemory memory = new StrategyMemory(
                strategy, job.precision(), strategy.shards(candidate.data()), candidate.microBatches());
        return Math.round(
                measure(candidate).peakBytes(candidate.samples(job.train().globalBatch()), memory));
    }

    /** The network as this candidate lays it out. */
    NetworkMeasure measure(Candidate candidate) {
        return networks.measure(MeasureNetwork.Layout.of(candidate));
    }

    /** Whether a candidate could be within a limit, so that it is worth a compile. */
    boolean mayFit(Candidate candidate, long limitBytes) {
        return peakBytes(candidate) <= limitBytes * (1 + MAX_ERROR);
    }
}
