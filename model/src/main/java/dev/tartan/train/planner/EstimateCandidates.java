package dev.tartan.train.planner;

import dev.tartan.graph.DType;
import dev.tartan.plan.DeviceTraits;
import dev.tartan.plan.cost.DataExchanges;
import dev.tartan.plan.cost.StepTime;
import dev.tartan.plan.cost.StepWork;
import dev.tartan.plan.hardware.HardwareProfile;
import dev.tartan.train.TrainingJob;
import dev.tartan.train.planner.ProgramMeasure.Quantity;
import java.util.Comparator;
import java.util.List;

/**
 * Estimates memory, traffic and time of candidates without compiling each of them, nor any network at its full depth.
 * Thread-safe.
 */
public final class EstimateCandidates {
    private final TrainingJob job;
    private final HardwareProfile hardware;
    private final EstimateMemory memory;

    /**
     * Takes what all candidates have in common.
     *
     * @param traits of the backend that will run it
     */
    public EstimateCandidates(TrainingJob job, HardwareProfile hardware, DeviceTraits traits) {
        this.job = job;
        this.hardware = hardware;
        this.memory = new EstimateMemory(job, traits);
    }

    /** Estimates of all candidates, those that fit first, then by time, then by memory. */
    public List<CandidateEstimate> sorted(List<Candidate> candidates, long limitBytes) {
        memory.prepare(candidates);
        return candidates.stream()
                .map(this::estimate)
                .sorted(Comparator.comparing((CandidateEstimate each) -> !each.fits(limitBytes))
                        .thenComparing(
                                each -> each.fits(limitBytes) ? each.time().seconds() : each.peakBytes())
                        .thenComparing(CandidateEstimate::peakBytes))
                .toList();
    }

    /** The estimate of one candidate. */
    public CandidateEstimate estimate(Candidate candidate) {
        return estimate(candidate, Execution.tartan(job.precision()));
    }

    /** The estimate of one candidate as another trainer would run it; memory is Tartan's. */
    CandidateEstimate estimate(Candidate candidate, Execution execution) {
        int samples = candidate.samples(job.train().globalBatch());
        StepWork work = work(candidate, memory.measure(candidate), samples, execution);
        double wire = work.microBatches() * work.modelWireBytes()
                + work.exchanges()
                        .wireBytes(work.data(), work.microBatches(), work.parameterBytes(), work.gradientBytes());
        return new CandidateEstimate(
                candidate, memory.peakBytes(candidate), wire, work, StepTime.of(work, hardware, execution.precision()));
    }

    private StepWork work(Candidate candidate, NetworkMeasure network, int samples, Execution execution) {
        // Measured in the job's own types; parameters are counted in float32.
        double size = (double) execution.precision().bytes()
                / job.precision().compute().bytes();
        double single = DType.FLOAT32.bytes();
        double forward = network.at(Quantity.FORWARD_FLOPS, samples);
        double backward = network.at(Quantity.BACKWARD_FLOPS, samples);
        double parameters = network.at(Quantity.PARAMETER_BYTES, samples);
        return new StepWork(
                candidate.data(),
                candidate.model(),
                candidate.microBatches(),
                forward + backward,
                backward / (forward + backward),
                // Losses are float32 everywhere.
                network.at(Quantity.LOSS_BYTES, samples) + size * network.at(Quantity.MEMORY_BYTES, samples),
                Math.round(network.at(Quantity.MODEL_MESSAGES, samples)),
                size * network.at(Quantity.MODEL_WIRE_BYTES, samples),
                execution.overlapsModel(),
                execution.parameters().bytes() / single * parameters,
                execution.reduce().bytes() / single * parameters,
                network.largestUnitBytes() / parameters,
                network.at(Quantity.OPTIMIZER_TRAFFIC_BYTES, samples),
                network.at(Quantity.OFFLOADED_BYTES, samples),
                new DataExchanges(
                        candidate.zero(),
                        job.strategy().reshardAfterForward(),
                        candidate.data() / job.strategy().shards(candidate.data()),
                        job.strategy().overlap()));
    }
}
