/**
 * Layers and reference networks, written for a single device: modules, parameters with their layouts and initial
 * values, and forward passes traced through {@link dev.tartan.op.Tensor}. Depends on {@code mesh}, {@code graph},
 * {@code op} and {@code random}; never runs anything.
 */
@NullMarked
package dev.tartan.network;

import org.jspecify.annotations.NullMarked;
