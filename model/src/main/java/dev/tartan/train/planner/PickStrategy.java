package dev.tartan.train.planner;

import dev.tartan.plan.DeviceTraits;
import dev.tartan.plan.hardware.HardwareProfile;
import dev.tartan.train.TrainingJob;
import dev.tartan.train.config.StrategyConfig;
import java.util.List;
import java.util.OptionalLong;

/**
 * Does what {@code strategy = auto} asks for: takes the fastest stage of ZeRO, recomputation, sequence parallelism and
 * number of micro-batches, on the mesh as given, with ZeRO over as many ranks as given, that fits
 * {@code train.deviceMemoryLimit}, or the hardware's memory if no limit is set. Estimates give the order; each is
 * compiled before it is taken.
 */
public final class PickStrategy {
    private PickStrategy() {}

    /**
     * What was picked.
     *
     * @param job the job with it
     * @param estimate the planner's
     * @param peakBytes exact, of one device
     * @param limitBytes that it fits
     * @param numCandidates that it was picked from
     * @param numCompiled how many were compiled until one fitted
     */
    public record Picked(
            TrainingJob job,
            CandidateEstimate estimate,
            long peakBytes,
            long limitBytes,
            int numCandidates,
            int numCompiled) {}

    /**
     * Picks a strategy.
     *
     * @throws IllegalArgumentException if none fits
     */
    public static Picked run(TrainingJob job, HardwareProfile hardware, DeviceTraits traits) {
        TrainingJob base =
                job.strategy(StrategyConfig.defaults().withShard(job.strategy().shard()));
        int data = base.mesh().data();
        int model = base.mesh().model();
        long limit = base.train().deviceMemoryLimit() > 0
                ? base.train().deviceMemoryLimit()
                : hardware.deviceMemory(Math.multiplyExact(data, model));
        List<CandidateEstimate> sorted =
                new EstimateCandidates(base, hardware, traits).sorted(Candidates.onMesh(base, data, model), limit);
        return first(base, sorted, limit, ExactPeak.compiled(traits));
    }

    static Picked first(TrainingJob base, List<CandidateEstimate> sorted, long limit, ExactPeak exact) {
        int compiled = 0;
        for (CandidateEstimate estimate : sorted) {
            if (estimate.peakBytes() > limit * (1 + EstimateMemory.MAX_ERROR)) {
                continue;
            }
            compiled++;
            TrainingJob candidate = estimate.candidate().in(base);
            OptionalLong peak = exact.bytes(candidate);
            if (peak.isPresent() && peak.getAsLong() <= limit) {
                return new Picked(candidate, estimate, peak.getAsLong(), limit, sorted.size(), compiled);
            }
        }
        long least =
                sorted.stream().mapToLong(CandidateEstimate::peakBytes).min().orElse(0);
        throw new IllegalArgumentException("no strategy fits a device's memory: limit=" + limit + ", leastEstimate="
                + least + ", mesh.data=" + base.mesh().data() + ", mesh.model="
                + base.mesh().model() + ", candidates=" + sorted.size()
                + ". Use more devices, raise train.deviceMemoryLimit, or lower network.*.");
    }
}
