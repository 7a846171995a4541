/**
 * Checkpoints of many files, each written by one rank, with a manifest that is committed last: a checkpoint is whole,
 * or not there. Read box by box onto any layout, every byte checked. Knows tensors and files, never networks,
 * optimizers or ranks. Depends on {@code checkpoint} for safetensors, and on {@code mesh} and {@code graph} for shapes
 * and types.
 */
@NullMarked
package dev.tartan.checkpoint.sharded;

import org.jspecify.annotations.NullMarked;
