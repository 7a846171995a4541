package dev.tartan.checkpoint.sharded;

import dev.tartan.checkpoint.TensorSlice;

/**
 * A box of a tensor that a file holds, under the tensor's name.
 *
 * @param file name of one of the checkpoint's files
 * @param slice the box, along the dims of the tensor's view
 */
public record StoredBox(String file, TensorSlice slice) {}
