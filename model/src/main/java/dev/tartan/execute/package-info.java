/**
 * Runs a program on one rank: binds it once to a device, its streams and communicators, then only runs. Depends on
 * {@code partition}, {@code plan}, {@code backend} and {@code collective}; knows nothing of networks.
 */
@NullMarked
package dev.tartan.execute;

import org.jspecify.annotations.NullMarked;
