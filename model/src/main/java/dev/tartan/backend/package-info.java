/**
 * What runs an op: device memory, kernels and the tables they are found in.
 *
 * <p>May depend on {@code op} and everything below it. Never knows a mesh, a schedule or another rank, and never names
 * a kernel library in its own types.
 */
@NullMarked
package dev.tartan.backend;

import org.jspecify.annotations.NullMarked;
