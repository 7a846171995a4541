/**
 * Calls that send fewer bytes than their tensors have. Depends on {@code collective} and {@code collective.reduce};
 * never knows what the values mean, nor by which algorithm they go.
 */
@NullMarked
package dev.tartan.collective.compress;

import org.jspecify.annotations.NullMarked;
