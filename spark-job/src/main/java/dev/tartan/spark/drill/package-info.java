/**
 * Drills: a small training on executors of this machine to which faults are done on purpose, to see how soon each is
 * noticed and how the run goes on. Depends on {@code runtime} and the model. Harms no process but executors that this
 * one started.
 */
@NullMarked
package dev.tartan.spark.drill;

import org.jspecify.annotations.NullMarked;
