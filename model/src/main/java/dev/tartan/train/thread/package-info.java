/** Threads that work beside a run's device threads. Depends on nothing. */
@NullMarked
package dev.tartan.train.thread;

import org.jspecify.annotations.NullMarked;
