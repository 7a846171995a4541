package dev.tartan.train.planner;

import dev.tartan.plan.DeviceTraits;
import dev.tartan.train.TrainingJob;
import dev.tartan.train.config.ConfigWord;
import dev.tartan.train.config.StrategyConfig;
import dev.tartan.train.config.StrategyConfig.Recompute;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Looks for the change of fewest keys after which a run fits a device. Changes of as many keys are tried in this order:
 * a higher stage of ZeRO, the lowest first; recomputation; sequence parallelism; more micro-batches, the fewest first;
 * and by themselves, ZeRO over all of {@code data} where it is over fewer ranks, and, if device memory is not the
 * host's, offload of optimizer state. Other meshes of as many devices come last. Estimates say which are worth a
 * compile.
 */
final class SmallestChange {
    private final TrainingJob job;
    private final EstimateMemory estimates;
    private final ExactPeak exact;
    private final boolean mayOffload;
    private final int maxModel;

    /**
     * A change that fits.
     *
     * @param keys what to set, each as {@code key=value}
     * @param peakBytes then needed, exactly
     */
    record Change(List<String> keys, long peakBytes) {}

    SmallestChange(TrainingJob job, DeviceTraits traits, ExactPeak exact, int maxModel) {
        this.job = job;
        this.estimates = new EstimateMemory(job, traits);
        this.exact = exact;
        this.mayOffload = !traits.sharesHostMemory() && !job.strategy().offloadOptimizer();
        this.maxModel = maxModel;
    }

    /** The smallest change after which the run takes no more than {@code limitBytes}. */
    Optional<Change> find(long limitBytes) {
        boolean triesAlone = true;
        for (Candidate candidate : tries()) {
            if (triesAlone && keys(candidate).size() > 1) {
                triesAlone = false;
                Optional<Change> alone = alone(limitBytes);
                if (alone.isPresent()) {
                    return alone;
                }
            }
            if (estimates.mayFit(candidate, limitBytes)) {
                OptionalLong bytes = exact.bytes(candidate.in(job));
                if (bytes.isPresent() && bytes.getAsLong() <= limitBytes) {
                    return Optional.of(new Change(keys(candidate), bytes.getAsLong()));
                }
            }
        }
        return triesAlone ? alone(limitBytes) : Optional.empty();
    }

    private Optional<Change> alone(long limitBytes) {
        StrategyConfig strategy = job.strategy();
        Optional<Change> wider = strategy.shards(job.mesh().data()) < job.mesh().data()
                ? alone("strategy.shard=0", strategy.withShard(0), limitBytes)
                : Optional.empty();
        return wider.isPresent() || !mayOffload
                ? wider
                : alone("strategy.offloadOptimizer=true", strategy.withOffloadOptimizer(true), limitBytes);
    }

    private Optional<Change> alone(String key, StrategyConfig changed, long limitBytes) {
        OptionalLong bytes = exact.bytes(job.strategy(changed));
        return bytes.isPresent() && bytes.getAsLong() <= limitBytes
                ? Optional.of(new Change(List.of(key), bytes.getAsLong()))
                : Optional.empty();
    }

    private List<Candidate> tries() {
        Candidate now = Candidate.of(job);
        List<Candidate> tries = new ArrayList<>();
        for (Candidate other : Candidates.onDevices(job, now.data() * now.model(), maxModel, now.microBatches())) {
            if (!other.equals(now) && savesAsMuch(other, now)) {
                tries.add(other);
            }
        }
        tries.sort(Comparator.comparing((Candidate other) -> other.model() != now.model())
                .thenComparing(other -> keys(other).size())
                // Of two changes, the one that touches the earlier key of the order above.
                .thenComparing(other -> other.zero() == now.zero())
                .thenComparing(other -> other.recompute() == now.recompute())
                .thenComparing(other -> other.sequenceParallel() == now.sequenceParallel())
                .thenComparing(Candidate::zero)
                .thenComparing(other -> other.recompute() == Recompute.BLOCK)
                .thenComparing(Candidate::microBatches));
        return tries;
    }

    /** Whether nothing that saves memory is taken back. */
    private static boolean savesAsMuch(Candidate other, Candidate now) {
        return other.zero() >= Math.min(now.zero(), other.data() == 1 ? 0 : now.zero())
                && (other.recompute() == now.recompute() || other.recompute() != Recompute.NONE)
                && (now.recompute() != Recompute.BLOCK || other.recompute() == Recompute.BLOCK)
                && (other.sequenceParallel() || !now.sequenceParallel() || other.model() == 1)
                && other.microBatches() >= now.microBatches();
    }

    private List<String> keys(Candidate other) {
        Candidate now = Candidate.of(job);
        List<String> keys = new ArrayList<>();
        if (other.data() != now.data()) {
            keys.add("mesh.data=" + other.data());
            keys.add("mesh.model=" + other.model());
        }
        if (other.zero() != now.zero()) {
            keys.add("strategy.zero=" + other.zero());
        }
        if (other.recompute() != now.recompute()) {
            keys.add("strategy.recompute=" + ConfigWord.of(other.recompute()));
        }
        if (other.sequenceParallel() != now.sequenceParallel()) {
            keys.add("strategy.sequenceParallel=" + other.sequenceParallel());
        }
        if (other.microBatches() != now.microBatches()) {
            keys.add("train.microBatches=" + other.microBatches());
        }
        return keys;
    }
}
