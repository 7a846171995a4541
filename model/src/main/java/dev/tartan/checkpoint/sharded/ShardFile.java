package dev.tartan.checkpoint.sharded;

/**
 * A file of a checkpoint, as it was written.
 *
 * @param name in the checkpoint's folder
 * @param bytes its length
 * @param checksums of its blocks
 */
public record ShardFile(String name, long bytes, BlockChecksums checksums) {}
