/**
 * The primitives, one small record each: result types, sharding rule, gradient and flops; and
 * {@link dev.tartan.op.Tensor}, the surface that network code is traced through. Depends on {@code mesh} and
 * {@code graph}; never computes and never knows a mesh's size.
 */
@NullMarked
package dev.tartan.op;

import org.jspecify.annotations.NullMarked;
