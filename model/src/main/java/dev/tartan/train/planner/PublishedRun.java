package dev.tartan.train.planner;

import dev.tartan.graph.DType;
import dev.tartan.network.GptConfig;
import dev.tartan.plan.DeviceTraits;
import dev.tartan.plan.hardware.HardwareProfile;
import dev.tartan.train.TrainingJob;
import dev.tartan.train.config.StrategyConfig.Recompute;
import java.util.List;

/**
 * A run whose utilization somebody published, of a GPT with a vocabulary of 131,072 and sequences of 4,096 tokens.
 *
 * @param name its size as published
 * @param modelFlopsUtilization share of the bfloat16 peak that the arithmetic of the network itself reached
 */
public record PublishedRun(
        String name,
        int layers,
        int hidden,
        int heads,
        int data,
        int model,
        int globalBatch,
        double modelFlopsUtilization) {
    private static final int VOCAB = 131_072;
    private static final int CONTEXT = 4096;

    /**
     * The runs of Megatron-LM on H100s that need no pipeline, from the table of its README (NVIDIA/Megatron-LM, section
     * "Training Speed and Scalability", 2024): parameters, tensor-parallel size, 48 data-parallel ranks, utilization.
     *
     * <p>The README has the table as a picture only, and layers, hidden size and heads could not be read from it: these
     * here give the published parameter counts, with an output layer of its own and heads of 128. The batch is taken to
     * be 1,152 sequences, the one that the README states in words, for its runs of 175B; with a smaller one more of the
     * exchange over {@code data} would be seen.
     */
    public static List<PublishedRun> megatronOnH100() {
        return List.of(
                new PublishedRun("1.7B", 24, 2048, 16, 48, 1, 1152, 0.41),
                new PublishedRun("7.1B", 30, 4096, 32, 48, 2, 1152, 0.47),
                new PublishedRun("16B", 32, 6144, 48, 48, 4, 1152, 0.49),
                new PublishedRun("32B", 48, 7168, 56, 48, 8, 1152, 0.46));
    }

    /**
     * Predicts its time: bfloat16, fused attention, ZeRO 1 with everything over {@code data} overlapped, sequence
     * parallelism, no recomputation, one sequence in a micro-batch.
     */
    public PublishedRunCheck predict(HardwareProfile hardware) {
        TrainingJob job = job();
        Candidate candidate = new Candidate(data, model, 1, Recompute.NONE, model > 1, globalBatch / data);
        double predicted = new EstimateCandidates(job, hardware, DeviceTraits.PLAIN)
                .estimate(candidate, Execution.MEGATRON)
                .time()
                .seconds();
        double peak = hardware.matmulFlops(DType.BFLOAT16, data * model) * data * model;
        return new PublishedRunCheck(this, modelFlops() / peak / modelFlopsUtilization, predicted);
    }

    /** Floating-point operations of a step as Megatron-LM counts them. Source: Narayanan et al. 2021, equation 3. */
    public double modelFlops() {
        double tokens = (double) globalBatch * CONTEXT;
        double attention = CONTEXT / (6.0 * hidden);
        double logits = VOCAB / (12.0 * layers * hidden);
        // Three quarters of the equation's 96, which has the forward pass a second time, for recomputation.
        return 72 * tokens * layers * hidden * hidden * (1 + attention + logits);
    }

    /** Number of trained values, position embeddings left out. */
    public double parameters() {
        return 12.0 * layers * hidden * hidden + 2.0 * VOCAB * hidden;
    }

    private TrainingJob job() {
        GptConfig sizes = new GptConfig(VOCAB, CONTEXT, hidden, layers, heads, 4 * hidden, 1e-5, false, 0);
        return TrainingJob.of(sizes).mesh(data, model).steps(1).globalBatch(globalBatch);
    }
}
