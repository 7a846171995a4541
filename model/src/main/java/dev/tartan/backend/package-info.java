/**
 * What runs an op: devices with memory, streams and events, kernels and the tables they are found in.
 *
 * <p>Kernels, copies and tasks of the host are enqueued on streams and done in their order; events put streams in
 * order. On a CPU all is done at once, by the thread that enqueues it. A device's kernels never wait by themselves.
 *
 * <p>May depend on {@code op} and everything below it. Never knows a mesh, a schedule or another rank, and never names
 * a kernel library in its own types.
 */
@NullMarked
package dev.tartan.backend;

import org.jspecify.annotations.NullMarked;
