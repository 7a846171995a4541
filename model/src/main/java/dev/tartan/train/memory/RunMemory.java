package dev.tartan.train.memory;

import java.time.Duration;
import java.util.List;

/** How a process of a run finds again what it and others held when an attempt failed. */
public interface RunMemory {
    /** This process's part in this attempt. */
    AttemptPlace owner();

    /** Whether an attempt failed before, so that processes may hold something. */
    boolean follows();

    /** How many steps of the run have been recorded; not asked for unless this attempt follows another. */
    long recordedSteps();

    /** The step of the checkpoint to go on from; 0 if there is none. */
    long checkpointStep();

    /** How long what nobody takes is held. */
    Duration limit();

    /** Gives what every process holds to every process, in the order of processes; called once by each. */
    List<Holding> exchange(Holding own) throws InterruptedException;

    /** Tells whoever records the run where it begins, and returns when that is known there; called by one process. */
    void begins(RunBeginning beginning) throws InterruptedException;
}
