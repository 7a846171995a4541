/**
 * Collectives out of messages: one class per algorithm, and
 * {@link dev.tartan.collective.algorithm.TransportCommunicator}, which picks among them. Depends on {@code collective},
 * {@code collective.reduce} and {@code collective.transport}; never knows which transport carries the messages.
 *
 * <p>Words: <i>P</i> ranks and a payload of <i>S</i> bytes; a <i>chunk</i> is one rank's part of it, and a
 * <i>segment</i> the part of a chunk that is sent as one message, so that one segment is added up while the next is
 * under way. Costs are per rank: <i>steps</i> that wait for one another, and <i>bytes sent</i>.
 *
 * <p>Every algorithm combines values in an order that depends on P and the position in the payload only, never on time
 * or segment size: results are bitwise repeatable. All ranks have to pick the same algorithm, so the choice depends on
 * nothing that differs between them.
 */
@NullMarked
package dev.tartan.collective.algorithm;

import org.jspecify.annotations.NullMarked;
