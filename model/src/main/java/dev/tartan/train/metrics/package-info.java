/**
 * What a run says about itself: a line per step, a summary, a chart of the loss. Depends on {@code checkpoint} for the
 * errors of writing; never measures anything.
 */
@NullMarked
package dev.tartan.train.metrics;

import org.jspecify.annotations.NullMarked;
