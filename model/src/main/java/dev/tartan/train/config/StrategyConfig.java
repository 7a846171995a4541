package dev.tartan.train.config;

/**
 * Where parameters, gradients and optimizer state live, and what is traded for memory. Nothing here changes the result
 * of a step but by float rounding.
 *
 * @param zero 0: whole on all ranks along {@code data}; 1: optimizer state split over them; 2: gradients too; 3:
 *     parameters too
 * @param shard for zero 1 to 3: how many consecutive ranks along {@code data} share what is split, of which the others
 *     hold copies; 0 for all of them
 * @param reshardAfterForward for zero 3: whether gathered parameters are freed after the forward pass and gathered
 *     again in the backward pass
 * @param recompute what the backward pass computes again instead of keeping it
 * @param sequenceParallel whether activations between tensor-parallel regions are split along the sequence over
 *     {@code model}
 * @param offloadOptimizer whether optimizer state is kept in host memory; it is anyway on a CPU
 * @param overlap whether collectives of parameters and gradients run while the rank computes; at stages 1 and 2
 *     parameters are then kept split between steps too and gathered once a step, block by block ahead of the forward
 *     pass, rather than all at its end
 * @param bucketBytes collectives of parameters or gradients are joined until they carry this many bytes, at the most an
 *     eighth of a rank's parameters; 0 joins none
 * @param prefetchBytes most bytes of parameters that are gathered ahead of use
 */
public record StrategyConfig(
        int zero,
        int shard,
        boolean reshardAfterForward,
        Recompute recompute,
        boolean sequenceParallel,
        boolean offloadOptimizer,
        boolean overlap,
        long bucketBytes,
        long prefetchBytes) {
    /** The highest stage of ZeRO. */
    public static final int MAX_ZERO = 3;

    private static final long DEFAULT_BUCKET_BYTES = 4L << 20;
    private static final long DEFAULT_PREFETCH_BYTES = 1L << 30;

    /** What the backward pass computes again. */
    public enum Recompute {
        /** Nothing: all that the backward pass needs is kept. */
        NONE,
        /** Whole blocks of the network, from their inputs. */
        BLOCK,
        /** What is large but cheap: activation functions, norms. */
        SELECTIVE
    }

    /** Stands for the stage of a strategy that is still to be picked. */
    private static final int AUTOMATIC = -1;

    /** Everything whole, nothing recomputed; what a config without a strategy means. */
    public static StrategyConfig defaults() {
        return new StrategyConfig(
                0, 0, true, Recompute.NONE, false, false, true, DEFAULT_BUCKET_BYTES, DEFAULT_PREFETCH_BYTES);
    }

    /** To be picked for the run before it is compiled, all but {@code shard}; what {@code strategy = auto} means. */
    public static StrategyConfig automatic() {
        return defaults().withZero(AUTOMATIC);
    }

    /** Whether this still is to be picked. */
    public boolean isAutomatic() {
        return zero == AUTOMATIC;
    }

    /** Over how many of {@code data} ranks along data ZeRO splits. */
    public int shards(int data) {
        return shard == 0 ? data : shard;
    }

    /** Whether parameters are split over {@code data} from step to step. */
    public boolean splitsParameters(PrecisionPolicy precision) {
        boolean gathersEachStep = overlap || precision.parameters() != precision.master();
        return zero == MAX_ZERO || (zero > 0 && gathersEachStep);
    }

    /** Whether parameters are gathered again for the backward pass. */
    public boolean gathersAgain() {
        return zero == MAX_ZERO && reshardAfterForward;
    }

    /** This strategy with another stage of ZeRO. */
    public StrategyConfig withZero(int stage) {
        return new StrategyConfig(
                stage,
                shard,
                reshardAfterForward,
                recompute,
                sequenceParallel,
                offloadOptimizer,
                overlap,
                bucketBytes,
                prefetchBytes);
    }

    /** This strategy with what is split shared by so many ranks; 0 for all along {@code data}. */
    public StrategyConfig withShard(int ranks) {
        return new StrategyConfig(
                zero,
                ranks,
                reshardAfterForward,
                recompute,
                sequenceParallel,
                offloadOptimizer,
                overlap,
                bucketBytes,
                prefetchBytes);
    }

    /** This strategy with or without gathering parameters again in the backward pass. */
    public StrategyConfig withReshardAfterForward(boolean on) {
        return new StrategyConfig(
                zero, shard, on, recompute, sequenceParallel, offloadOptimizer, overlap, bucketBytes, prefetchBytes);
    }

    /** This strategy with other recomputation. */
    public StrategyConfig withRecompute(Recompute other) {
        return new StrategyConfig(
                zero,
                shard,
                reshardAfterForward,
                other,
                sequenceParallel,
                offloadOptimizer,
                overlap,
                bucketBytes,
                prefetchBytes);
    }

    /** This strategy with or without sequence parallelism. */
    public StrategyConfig withSequenceParallel(boolean on) {
        return new StrategyConfig(
                zero, shard, reshardAfterForward, recompute, on, offloadOptimizer, overlap, bucketBytes, prefetchBytes);
    }

    /** This strategy with optimizer state on the host or on the device. */
    public StrategyConfig withOffloadOptimizer(boolean on) {
        return new StrategyConfig(
                zero, shard, reshardAfterForward, recompute, sequenceParallel, on, overlap, bucketBytes, prefetchBytes);
    }

    /** This strategy with or without overlap. */
    public StrategyConfig withOverlap(boolean on) {
        return new StrategyConfig(
                zero,
                shard,
                reshardAfterForward,
                recompute,
                sequenceParallel,
                offloadOptimizer,
                on,
                bucketBytes,
                prefetchBytes);
    }
}
