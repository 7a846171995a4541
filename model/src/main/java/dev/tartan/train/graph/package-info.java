/**
 * The graphs of a run, put together from a network and an optimizer: the training step, and the logits for generation.
 * Depends on {@code network}, {@code optimizer}, {@code autodiff} and below; never compiles or runs anything.
 */
@NullMarked
package dev.tartan.train.graph;

import org.jspecify.annotations.NullMarked;
