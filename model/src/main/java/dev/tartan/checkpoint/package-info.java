/**
 * Tensors in safetensors files: read shard by shard, written box by box. Depends on {@code path}, and on {@code mesh}
 * and {@code graph} for shapes and element types; never holds a whole file in memory and never knows about networks.
 */
@NullMarked
package dev.tartan.checkpoint;

import org.jspecify.annotations.NullMarked;
