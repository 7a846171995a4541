/**
 * Traces of training steps: what each rank's streams did when, gathered from all processes and written for viewers of
 * traces.
 */
@NullMarked
package dev.tartan.train.profile;

import org.jspecify.annotations.NullMarked;
