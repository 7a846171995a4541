/**
 * Optimizers, learning rate schedules and gradient clipping, as pure functions written in graph ops, so that they are
 * right under any sharding. Depends on {@code op} and below and on {@code network}'s parameters; never runs anything
 * and keeps no state.
 */
@NullMarked
package dev.tartan.optimizer;

import org.jspecify.annotations.NullMarked;
