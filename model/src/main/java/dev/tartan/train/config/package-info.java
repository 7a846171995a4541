/**
 * The typed run config: what HOCON files and overrides say, checked as a whole. Depends on {@code checkpoint} to look
 * at batch files and on {@code collective.transport.tcp} for how ports are written; never builds networks and never
 * starts anything.
 */
@NullMarked
package dev.tartan.train.config;

import org.jspecify.annotations.NullMarked;
