/**
 * Every op in plain double precision, by definition: the oracle that kernels, gradients, sharding rules and networks
 * are tested against. Depends on {@code graph} and {@code op}; never uses {@code decompose} or a kernel.
 */
@NullMarked
package dev.tartan.op.reference;

import org.jspecify.annotations.NullMarked;
