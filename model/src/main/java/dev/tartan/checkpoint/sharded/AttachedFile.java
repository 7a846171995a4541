package dev.tartan.checkpoint.sharded;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A file of a checkpoint that holds no tensors, such as what was measured so far. */
public final class AttachedFile {
    private AttachedFile() {}

    /**
     * Writes one in place of any that is there.
     *
     * @param folder of the checkpoint, before it is committed
     */
    public static ShardFile write(Path folder, String name, byte[] content) throws IOException {
        try (SeekableByteChannel channel = Files.newByteChannel(
                folder.resolve(name),
                StandardOpenOption.WRITE,
                StandardOpenOption.CREATE,
                StandardOpenOption.TRUNCATE_EXISTING)) {
            ByteBuffer bytes = ByteBuffer.wrap(content);
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
            if (channel instanceof FileChannel file) {
                file.force(true);
            }
        }
        int[] sums = new int[Math.toIntExact(BlockChecksums.numBlocks(content.length))];
        for (int block = 0; block < sums.length; block++) {
            int start = block * BlockChecksums.BLOCK_BYTES;
            int length = Math.min(BlockChecksums.BLOCK_BYTES, content.length - start);
            sums[block] = BlockChecksums.of(ByteBuffer.wrap(content, start, length));
        }
        return new ShardFile(name, content.length, new BlockChecksums(sums));
    }
}
