package dev.tartan.network;

import static dev.tartan.mesh.PartitionSpec.spec;

import dev.tartan.op.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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
    private final BatchMeans means = new BatchMeans();
    private int numStreams;
    private boolean hasResidual;
    private final Map<Param, Tensor> updates = new LinkedHashMap<>();

    /** The mesh axes of the residual stream: of its batch, if any, and of its positions. */
    private record SequenceSplit(List<String> batchAxes, String sequenceAxis) {}

    private ForwardPass(@Nullable Tensor step, long seed, @Nullable SequenceSplit split) {
        this.step = step;
        this.seed = seed;
        this.split = split;
    }

    /** A pass without dropout. */
    public static ForwardPass inference() {
        return new ForwardPass(null, 0, null);
    }

    /** Whether this is a pass of training, with dropout and statistics of the batch. */
    public boolean isTraining() {
        return step != null;
    }

    /** The number of the step, an INT32 scalar that counts from 0; null when not training. */
    public @Nullable Tensor step() {
        return step;
    }

    /**
     * Gives {@code state} its next value, which the next micro-batch or step reads; what this pass reads stays as it
     * was. No gradient flows into the value. A mean over the batch is one over all ranks. Nothing happens when not
     * training.
     *
     * @throws IllegalArgumentException if it is no state, is updated already, or the value is of another shape
     */
    public void update(Param state, Tensor newValue) {
        if (!state.isState() || updates.containsKey(state) || !newValue.shape().equals(state.shape())) {
            throw new IllegalArgumentException("'" + state.name() + "' cannot be updated: isState=" + state.isState()
                    + ", updatedBefore=" + updates.containsKey(state) + ", shape=" + state.shape() + ", newShape="
                    + newValue.shape() + ". Declare it by Module.state, and update it once with its own shape.");
        }
        if (isTraining()) {
            updates.put(state, newValue);
        }
    }

    /** The updates so far, which are forgotten. */
    public Map<Param, Tensor> takeUpdates() {
        Map<Param, Tensor> taken = new LinkedHashMap<>(updates);
        updates.clear();
        return taken;
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
     * @param batchAxes the axes that split the batch, major to minor
     * @param sequenceAxis the axis of tensor parallelism
     */
    public ForwardPass splittingSequences(List<String> batchAxes, String sequenceAxis) {
        return new ForwardPass(step, seed, new SequenceSplit(batchAxes, sequenceAxis));
    }

    /**
     * {@code x} on its way into the residual stream, {@code [batch, positions, hidden]}. In a sequence-parallel pass
     * {@code [batch/data, positions/model, hidden]}, its gradient whole along positions: a pending sum over model is
     * reduce-scattered and the gradient gathered. Else {@code x} itself.
     */
    public Tensor residual(Tensor x) {
        hasResidual = true;
        return split == null ? x : x.sharded(spec(split.batchAxes, split.sequenceAxis), spec(split.batchAxes, null));
    }

    /**
     * {@code x} on its way out of the residual stream into products that are split over model, the reverse of
     * {@link #residual}: gathered, its gradient reduce-scattered. Else {@code x} itself.
     */
    public Tensor wholeSequence(Tensor x) {
        return split == null ? x : x.sharded(spec(split.batchAxes, null), spec(split.batchAxes, split.sequenceAxis));
    }

    /**
     * The mean over a batch of {@code x [batch, ...]}, a scalar. Samples count by their weights where the run gives
     * them weights, so that those of weight 0, which fill up the last batch of an epoch, do not count at all.
     */
    public Tensor mean(Tensor x) {
        return means.mean(x, null);
    }

    /**
     * As {@link #mean(Tensor)}, each element counting by its own weight too, such as 0 for labels to be ignored: the
     * sum of {@code x * weights} over the sum of {@code weights}, and 0 if that is 0.
     *
     * @param weights of the shape of {@code x}, none negative
     */
    public Tensor mean(Tensor x, Tensor weights) {
        return means.mean(x, weights);
    }

    /**
     * Makes a number known by name, such as an accuracy: it is in the metrics of every step and of every validation.
     *
     * @param value a scalar, such as {@link #mean} gives
     * @throws IllegalArgumentException if it is none, or the name is taken
     */
    public void report(String name, Tensor value) {
        means.report(name, value);
    }

    /**
     * Begins a batch, or a part of one that is traced by itself.
     *
     * @param sampleWeights {@code [batch]}, null if all samples count the same
     */
    public void begin(@Nullable Tensor sampleWeights) {
        means.begin(sampleWeights);
    }

    /** How much each sample of this batch counts, {@code [batch]}; null if all count the same. */
    public @Nullable Tensor sampleWeights() {
        return means.sampleWeights();
    }

    /** What {@link #report} was told of this batch. */
    public Map<String, Tensor> reports() {
        return means.reports();
    }

    /**
     * By what a mean of this batch was divided, a scalar: the sum of weights. Null if elements count the same, and so
     * for all batches of a size.
     *
     * @param result of {@link #mean}, or computed from one
     * @throws IllegalArgumentException if samples have weights, but the result does not come of exactly one sum of them
     */
    public @Nullable Tensor divisor(Tensor result) {
        return means.divisor(result);
    }

    /** Whether the network has said what its residual stream is. */
    public boolean hasResidual() {
        return hasResidual;
    }
}
