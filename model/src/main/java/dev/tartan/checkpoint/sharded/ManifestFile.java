package dev.tartan.checkpoint.sharded;

import dev.tartan.checkpoint.InvalidCheckpointException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.SeekableByteChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.regex.Matcher;
import org.jspecify.annotations.Nullable;

/** Reads and writes the file that makes a folder a checkpoint. */
final class ManifestFile {
    private ManifestFile() {}

    /**
     * Writes the manifest, after all other files of the checkpoint. From then on it is there; if this fails or is cut
     * off, it is not.
     *
     * @throws IOException if it is there already or cannot be written
     */
    static void write(Path folder, Manifest manifest) throws IOException {
        byte[] body = ManifestJson.toBytes(manifest);
        byte[] start = ManifestDescriptor.start(body.length, BlockChecksums.of(ByteBuffer.wrap(body)));
        ByteBuffer all = ByteBuffer.allocate(start.length + body.length + ManifestDescriptor.END.length());
        all.put(start)
                .put(body)
                .put(ManifestDescriptor.END.getBytes(StandardCharsets.US_ASCII))
                .flip();
        Path path = folder.resolve(ManifestDescriptor.FILE);
        try (SeekableByteChannel channel =
                Files.newByteChannel(path, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW)) {
            while (all.hasRemaining()) {
                channel.write(all);
            }
            force(channel);
        }
        forceFolder(folder);
        Path parent = folder.toAbsolutePath().getParent();
        if (parent != null) {
            forceFolder(parent);
        }
    }

    private static void force(SeekableByteChannel channel) throws IOException {
        if (channel instanceof FileChannel file) {
            file.force(true);
        }
    }

    /** So that the names of new files are on the disk too; stores keep theirs. */
    private static void forceFolder(Path folder) throws IOException {
        if (folder.getFileSystem().equals(Path.of("").getFileSystem())) {
            try (FileChannel channel = FileChannel.open(folder, StandardOpenOption.READ)) {
                channel.force(true);
            }
        }
    }

    /**
     * Reads the manifest of a checkpoint.
     *
     * @throws InvalidCheckpointException if it is missing, cut off, changed, of a newer format, or says what cannot be
     */
    static Manifest read(Path folder) {
        Path path = folder.resolve(ManifestDescriptor.FILE);
        byte[] bytes;
        try {
            if (Files.exists(path) && !Files.isRegularFile(path)) {
                throw invalid(path, 0, "is no plain file", null);
            }
            long length = Files.size(path);
            if (length > ManifestDescriptor.MAX_BYTES) {
                throw invalid(path, 0, "is too long: bytes=" + length, null);
            }
            bytes = Files.readAllBytes(path);
        } catch (NoSuchFileException e) {
            throw new InvalidCheckpointException(
                    "folder is no checkpoint, or one that was not written to its end: path=" + folder + ", missing="
                            + ManifestDescriptor.FILE + ". Resume from another one.",
                    e);
        } catch (IOException e) {
            throw invalid(path, 0, "cannot be read: reason=" + e.getMessage(), e);
        }
        return ManifestJson.parse(path, body(path, bytes));
    }

    private static ByteBuffer body(Path path, byte[] bytes) {
        String head = new String(
                bytes, 0, Math.min(bytes.length, ManifestDescriptor.MAX_START_BYTES), StandardCharsets.US_ASCII);
        Matcher start = ManifestDescriptor.START.matcher(head);
        if (!start.lookingAt()) {
            throw invalid(path, 0, "does not begin as a manifest: bytes=" + bytes.length, null);
        }
        int version = Integer.parseInt(start.group(1));
        if (version < 1 || version > ManifestDescriptor.VERSION) {
            throw new InvalidCheckpointException("checkpoint is of a format that this version does not read: path="
                    + path + ", version=" + version + ", newestRead=" + ManifestDescriptor.VERSION
                    + ". Use the version of Tartan that wrote it.");
        }
        long expected = Long.parseLong(start.group(2));
        if (expected != bytes.length) {
            throw invalid(
                    path,
                    Math.min(expected, bytes.length),
                    "is cut off or has more than it says: bytes=" + bytes.length + ", expected=" + expected,
                    null);
        }
        int end = bytes.length - ManifestDescriptor.END.length();
        ByteBuffer body = end < start.end()
                ? ByteBuffer.allocate(0)
                : ByteBuffer.wrap(bytes, start.end(), end - start.end()).slice();
        int sum = BlockChecksums.of(body);
        String tail = new String(bytes, Math.max(0, end), bytes.length - Math.max(0, end), StandardCharsets.US_ASCII);
        if (sum != Integer.parseUnsignedInt(start.group(3), 16) || !tail.equals(ManifestDescriptor.END)) {
            throw invalid(
                    path,
                    start.end(),
                    "is corrupt: crc32c=" + Integer.toHexString(sum) + ", expected=" + start.group(3),
                    null);
        }
        return body;
    }

    static InvalidCheckpointException invalid(Path path, long offset, String fact, @Nullable Throwable cause) {
        return new InvalidCheckpointException(
                "manifest of a checkpoint " + fact + ", path=" + path + ", offset=" + offset
                        + ". Resume from another one.",
                cause);
    }
}
