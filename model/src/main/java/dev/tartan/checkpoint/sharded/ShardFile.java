package dev.tartan.checkpoint.sharded;

import java.util.Locale;

/**
 * A file of a checkpoint, as it was written.
 *
 * @param name in the checkpoint's folder
 * @param bytes its length
 * @param checksums of its blocks
 */
public record ShardFile(String name, long bytes, BlockChecksums checksums) {
    /** What the file of a rank, or the n-th of several, is called. */
    public static String name(int rank) {
        return String.format(Locale.ROOT, "rank-%05d.safetensors", rank);
    }
}
