package dev.tartan.train;

import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.Communicator;
import dev.tartan.collective.MemoryRegion;
import dev.tartan.collective.ReduceKind;
import dev.tartan.graph.DType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.IntBuffer;

/**
 * Lets all ranks agree between steps on what one of them wants: a checkpoint, or the end. They ask each other after so
 * many steps that it comes about twice a second, and never more often than once a step; how many is told by rank 0 each
 * time, so that all ask at the same steps. Used by one rank's thread.
 *
 * <p>Cost: an all-reduce of 12 bytes each time.
 */
final class StepControl {
    private static final double INTERVAL_MILLIS = 500;
    private static final int MOST_STEPS = 1000;
    private static final int NUM_INTS = 3;

    private final Communicator ranks;
    private final boolean leads;
    private final IntBuffer words;
    private final CollectiveCall call;
    private long nextStep;
    private long asked = System.nanoTime();
    private int stepsSince = 1;

    /** What all ranks do now. */
    enum Agreed {
        GO_ON,
        CHECKPOINT,
        STOP
    }

    /**
     * Begins at a step.
     *
     * @param ranks all ranks of the mesh
     * @param leads whether this is rank 0
     */
    StepControl(Communicator ranks, boolean leads, long firstStep) {
        this.ranks = ranks;
        this.leads = leads;
        ByteBuffer memory = ByteBuffer.allocateDirect(NUM_INTS * Integer.BYTES).order(ByteOrder.nativeOrder());
        this.words = memory.asIntBuffer();
        MemoryRegion region = MemoryRegion.of(memory);
        this.call = CollectiveCall.allReduce(region, region, DType.INT32, ReduceKind.MAX, "control");
        this.nextStep = firstStep;
    }

    /** Whether ranks ask each other after this step. */
    boolean isDue(long step) {
        return step >= nextStep;
    }

    /**
     * Asks all ranks; a call of all of them, after the same step.
     *
     * @param wantsCheckpoint whether this rank wants one
     * @param wantsStop whether this rank wants the run to end
     */
    Agreed agree(long step, boolean wantsCheckpoint, boolean wantsStop) {
        words.put(0, wantsCheckpoint ? 1 : 0);
        words.put(1, wantsStop ? 1 : 0);
        words.put(2, leads ? interval() : 0);
        if (ranks.numRanks() > 1) {
            ranks.run(call);
        }
        stepsSince = words.get(2);
        nextStep = step + stepsSince;
        asked = System.nanoTime();
        if (words.get(1) > 0) {
            return Agreed.STOP;
        }
        return words.get(0) > 0 ? Agreed.CHECKPOINT : Agreed.GO_ON;
    }

    private int interval() {
        double stepMillis = (System.nanoTime() - asked) / 1e6 / stepsSince;
        return (int) Math.max(1, Math.min(MOST_STEPS, INTERVAL_MILLIS / Math.max(stepMillis, 1e-3)));
    }
}
