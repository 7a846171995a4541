/**
 * Processes joined by TCP: {@link dev.tartan.collective.transport.tcp.TcpEndpoint} is bound first and told to the
 * others, {@link dev.tartan.collective.transport.tcp.TcpNode} then joins them. Depends on {@code collective.transport};
 * never finds out addresses or secrets by itself.
 *
 * <p>All connections are opened by the higher process, and count only after a mutual proof of the job's secret, of its
 * run and of its attempt ({@link dev.tartan.collective.transport.tcp.Handshake}). One <i>control</i> connection joins
 * each pair of processes; it belongs to the node's one thread ({@link dev.tartan.collective.transport.tcp.Watcher}),
 * which also keeps the door: heartbeats and news of failures move while ranks compute, and a stranger costs no rank
 * anything. <i>Data</i> connections join pairs of ranks that exchange messages. They are made by that thread when one
 * of the two first needs them, and then belong to the threads of these ranks, which read and write without blocking,
 * straight from and to the memory of the call. Whatever fails first ends all groups of all processes
 * ({@link dev.tartan.collective.transport.tcp.Fate}).
 *
 * <p>If the job encrypts, each connection has keys of its own
 * ({@link dev.tartan.collective.transport.tcp.SessionKeys}), and its bytes go as records of AES-GCM
 * ({@link dev.tartan.collective.transport.tcp.EncryptedWire}).
 */
@NullMarked
package dev.tartan.collective.transport.tcp;

import org.jspecify.annotations.NullMarked;
