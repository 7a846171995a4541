package dev.tartan.spark.runtime;

import java.io.Serializable;

/**
 * What the driver knows of a run when an attempt at it begins.
 *
 * @param follows whether an attempt at it has failed, so that executors may hold something
 * @param recorded how many steps are recorded
 * @param checkpoint the step of the checkpoint that the attempt goes on from if executors hold nothing later
 */
record KnownSteps(boolean follows, long recorded, long checkpoint) implements Serializable {
    private static final long serialVersionUID = 1;
}
