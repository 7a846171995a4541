/**
 * Links between processes of one host through a mapped file. Depends on {@code collective.transport}; a socket, which
 * somebody else connects and proves, is the bell that wakes a sleeping peer and tells of its end.
 */
@NullMarked
package dev.tartan.collective.transport.shm;

import org.jspecify.annotations.NullMarked;
