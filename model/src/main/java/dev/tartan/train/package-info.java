/**
 * The training loop: compiles a run config into a {@link dev.tartan.train.TrainingPlan} on the driver, and runs the
 * plan on the ranks of a process, all of the mesh or a part. The top of the library; nothing imports it but jobs.
 */
@NullMarked
package dev.tartan.train;

import org.jspecify.annotations.NullMarked;
