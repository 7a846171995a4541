package dev.tartan.train.planner;

import dev.tartan.plan.ScratchNeeds;
import dev.tartan.plan.cost.DataExchanges;
import dev.tartan.plan.cost.StepTime;
import dev.tartan.plan.cost.StepWork;
import dev.tartan.plan.hardware.HardwareProfile;
import dev.tartan.plan.hardware.Precision;
import dev.tartan.train.config.RunConfig;
import dev.tartan.train.planner.ProgramMeasure.Quantity;
import java.util.Comparator;
import java.util.List;

/**
 * Estimates memory, traffic and time of candidates without compiling each of them, nor any network at its full depth.
 * Thread-safe.
 */
public final class EstimateCandidates {
    private final RunConfig config;
    private final HardwareProfile hardware;
    private final MeasureNetwork networks;

    /**
     * Takes what all candidates have in common.
     *
     * @param scratchNeeds of the backend that will run it
     */
    public EstimateCandidates(RunConfig config, HardwareProfile hardware, ScratchNeeds scratchNeeds) {
        this.config = config;
        this.hardware = hardware;
        this.networks = new MeasureNetwork(config, scratchNeeds);
    }

    /** Estimates of all candidates, those that fit first, then by time, then by memory. */
    public List<CandidateEstimate> sorted(List<Candidate> candidates, long limitBytes) {
        candidates.stream().map(MeasureNetwork.Layout::of).distinct().toList().parallelStream()
                .forEach(networks::measure);
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
        return estimate(candidate, Precision.FLOAT32, true);
    }

    /**
     * The estimate of one candidate as another trainer would run it.
     *
     * @param precision of matrix products and activations
     * @param writesProbabilities whether attention writes its probabilities to memory
     */
    CandidateEstimate estimate(Candidate candidate, Precision precision, boolean writesProbabilities) {
        NetworkMeasure network = networks.measure(MeasureNetwork.Layout.of(candidate));
        int samples = candidate.samples(config.train().globalBatch());
        StrategyMemory memory =
                new StrategyMemory(candidate.in(config).strategy(), candidate.data(), candidate.microBatches());
        StepWork work = work(candidate, network, samples, precision, writesProbabilities);
        double wire = work.microBatches() * work.modelWireBytes()
                + work.exchanges()
                        .wireBytes(work.data(), work.microBatches(), work.parameterBytes(), work.gradientBytes());
        return new CandidateEstimate(
                candidate,
                Math.round(network.peakBytes(samples, memory)),
                wire,
                work,
                StepTime.of(work, hardware, precision));
    }

    private StepWork work(
            Candidate candidate,
            NetworkMeasure network,
            int samples,
            Precision precision,
            boolean writesProbabilities) {
        double size = (double) precision.bytes() / Precision.FLOAT32.bytes();
        double forward = network.at(Quantity.FORWARD_FLOPS, samples);
        double backward = network.at(Quantity.BACKWARD_FLOPS, samples);
        double probabilities = writesProbabilities ? network.at(Quantity.PROBABILITY_BYTES, samples) : 0;
        double parameters = network.at(Quantity.PARAMETER_BYTES, samples);
        return new StepWork(
                candidate.data(),
                candidate.model(),
                candidate.microBatches(),
                forward + backward,
                backward / (forward + backward),
                size * (network.at(Quantity.MEMORY_BYTES, samples) + probabilities),
                Math.round(network.at(Quantity.MODEL_MESSAGES, samples)),
                size * network.at(Quantity.MODEL_WIRE_BYTES, samples),
                size * parameters,
                parameters,
                network.largestUnitBytes() / parameters,
                network.at(Quantity.OPTIMIZER_TRAFFIC_BYTES, samples),
                new DataExchanges(
                        candidate.zero(),
                        config.strategy().reshardAfterForward(),
                        config.strategy().overlap()));
    }
}
