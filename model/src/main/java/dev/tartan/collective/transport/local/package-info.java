/**
 * Links between ranks of one process: a message is copied, or combined, straight from the sender's memory by the
 * receiver. Depends on {@code collective.transport}; never opens a socket or a file.
 */
@NullMarked
package dev.tartan.collective.transport.local;

import org.jspecify.annotations.NullMarked;
