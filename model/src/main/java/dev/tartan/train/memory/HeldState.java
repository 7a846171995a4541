package dev.tartan.train.memory;

import dev.tartan.train.checkpoint.RunProgress;

/**
 * A part of all states, as they were between two steps. Plain data.
 *
 * @param shard which part, see {@link StateReplicas#shard}
 * @param progress of the run by then
 * @param evaluated false if an evaluation was due after the last step and had not ended
 */
public record HeldState(int shard, RunProgress progress, boolean evaluated) {
    /** The step to go on with. */
    long step() {
        return progress.step();
    }
}
