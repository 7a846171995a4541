/**
 * Streams of a device that is the CPU, and float32 kernels in plain Java over memory it can address, for ops that
 * ND4J's CPU library is slow at.
 *
 * <p>Each kernel works on rows copied into small arrays, in loops that the JIT compiler vectorizes, spread over a few
 * threads. Results do not depend on the number of threads. May depend on {@code backend} and everything below it; never
 * on a kernel library.
 */
@NullMarked
package dev.tartan.backend.host;

import org.jspecify.annotations.NullMarked;
