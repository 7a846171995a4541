/**
 * Plans before training: what each mesh and strategy would take, which is the fastest that fits, and what to change
 * when a run does not fit. Depends on {@code train}, {@code train.config} and {@code plan}; never runs anything.
 */
@NullMarked
package dev.tartan.train.planner;

import org.jspecify.annotations.NullMarked;
