/**
 * Messages between the ranks of one group: {@link dev.tartan.collective.transport.Transport} and its
 * {@link dev.tartan.collective.transport.Link}s, and {@link dev.tartan.collective.transport.RollCall}, by which ranks
 * agree on what went wrong. Depends on {@code collective} only; never reduces values and never knows which algorithm
 * sends.
 *
 * <p>Data moves on the rank's own thread, inside its calls: no message is handed from thread to thread, and once a call
 * has ended or failed nobody else touches its memory. What has to work while a rank computes (heartbeats, news of
 * failures, strangers at the door) is done by one thread a transport brings along, on connections of their own.
 */
@NullMarked
package dev.tartan.collective.transport;

import org.jspecify.annotations.NullMarked;
