/**
 * Ranks joined by TCP: {@link dev.tartan.collective.transport.tcp.TcpEndpoint} is bound first and told to the others,
 * {@link dev.tartan.collective.transport.tcp.TcpTransport} then joins them. Depends on {@code collective.transport};
 * never finds out addresses or secrets by itself and never encrypts (yet).
 *
 * <p>Two connections join each pair of ranks, both opened by the higher one and both counted only after a mutual proof
 * of the job's secret ({@link dev.tartan.collective.transport.tcp.Handshake}). The <i>data</i> connection belongs to
 * the thread of the rank's calls, which reads and writes it without blocking straight from and to the memory of the
 * call. The <i>control</i> connection belongs to the transport's one thread
 * ({@link dev.tartan.collective.transport.tcp.Watcher}), which also keeps the door: heartbeats and news of failures
 * move while the rank computes, and a stranger costs the rank's thread nothing.
 */
@NullMarked
package dev.tartan.collective.transport.tcp;

import org.jspecify.annotations.NullMarked;
