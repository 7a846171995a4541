/**
 * Messages between the ranks of one group: {@link dev.tartan.collective.transport.Transport} and its
 * {@link dev.tartan.collective.transport.Link}s, {@link dev.tartan.collective.transport.LinkedTransport}, which drives
 * links of any kind and has each made when a call first uses it, and {@link dev.tartan.collective.transport.RollCall},
 * by which ranks agree on what went wrong. Depends on {@code collective} and {@code collective.reduce}; never knows
 * which algorithm sends, nor which kinds of links there are.
 *
 * <p>Data moves on the rank's own thread, inside its calls: no message is handed from thread to thread, and once a call
 * has ended or failed nobody else touches its memory. What has to work while a rank computes (heartbeats, news of
 * failures, strangers at the door) is done by one thread a process has for that, on connections of their own.
 */
@NullMarked
package dev.tartan.collective.transport;

import org.jspecify.annotations.NullMarked;
