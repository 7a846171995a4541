/**
 * The communicators of a mesh whose ranks live in several processes: links are made within a process, over shared
 * memory, or over sockets, as ranks are placed, each when a call first uses it; groups end together. Depends on all of
 * {@code collective}; nothing there depends on it. Never finds out addresses or secrets by itself.
 */
@NullMarked
package dev.tartan.collective.process;

import org.jspecify.annotations.NullMarked;
