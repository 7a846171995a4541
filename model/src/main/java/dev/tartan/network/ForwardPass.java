package dev.tartan.network;

import static dev.tartan.mesh.PartitionSpec.spec;

import dev.tartan.op.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * What a forward pass needs besides its data: whether it trains, where its random numbers come from, and how the
 * residual stream lies. Every call site of dropout takes the next stream, in the order of tracing, so masks do not
 * depend on the mesh. Not thread-safe.
 */
public final class ForwardPass {
    private final @Nullable Tensor step;
    private final long seed;
    private final @Nullable SequenceSplit split;
    private int numStreams;
    private boolean hasResidual;

    /** The mesh axes of the residual stream: of its batch, if any, and of its positions. */
    private record SequenceSplit(@Nullable String batchAxis, String sequenceAxis) {}

    private ForwardPass(@Nullable Tensor step, long seed, @Nullable SequenceSplit split) {
        this.step = step;
        this.seed = seed;
        this.split = split;
    }

    /** A pass without dropout. */
    public static ForwardPass inference() {
        return new ForwardPass(null, 0, null);
    }

    /** A training pass; {@code step} is an INT32 scalar, different in every step. */
    public static ForwardPass training(Tensor step, long seed) {
        return new ForwardPass(step, seed, null);
    }

    /**
     * {@code x} with each element zero with probability {@code rate}, else divided by 1 - rate; {@code x} itself when
     * not training.
     */
    public Tensor dropout(Tensor x, double rate) {
        if (step == null || rate == 0) {
            return x;
        }
        Tensor kept = step.randomUniform(x.type(), seed, numStreams++).greaterEqual(rate);
        return x.mul(kept.cast(x.dtype()).mul(1 / (1 - rate)));
    }

    /**
     * This pass, untraced yet, as a sequence-parallel one: its residual stream is split along its positions where
     * tensor parallelism leaves it whole. Source: Korthikanti et al. 2022, section 4.2.2.
     *
     * @param batchAxis the axis that splits the batch; null if none does
     * @param sequenceAxis the axis of tensor parallelism
     */
    public ForwardPass splittingSequences(@Nullable String batchAxis, String sequenceAxis) {
        return new ForwardPass(step, seed, new SequenceSplit(batchAxis, sequenceAxis));
    }

    /**
     * {@code x} on its way into the residual stream, {@code [batch, positions, hidden]}. In a sequence-parallel pass
     * {@code [batch/data, positions/model, hidden]}, its gradient whole along positions: a pending sum over model is
     * reduce-scattered and the gradient gathered. Else {@code x} itself.
     */
    public Tensor residual(Tensor x) {
        hasResidual = true;
        return split == null ? x : x.sharded(spec(split.batchAxis, split.sequenceAxis), spec(split.batchAxis, null));
    }

    /**
     * {@code x} on its way out of the residual stream into products that are split over model, the reverse of
     * {@link #residual}: gathered, its gradient reduce-scattered. Else {@code x} itself.
     */
    public Tensor wholeSequence(Tensor x) {
        return split == null ? x : x.sharded(spec(split.batchAxis, null), spec(split.batchAxis, split.sequenceAxis));
    }

    /** Whether the network has said what its residual stream is. */
    public boolean hasResidual() {
        return hasResidual;
    }
}
