package dev.tartan.backend.cuda;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Compiled kernels in a folder, a file each, named by a hash of all that they were made of. A file appears whole or not
 * at all, so that processes may share the folder. Where it cannot be written, kernels are compiled each time, which is
 * warned of. Thread-safe.
 */
final class KernelCache {
    /** Names the folder. */
    static final String PROPERTY = "tartan.cuda.cache";

    private static final Logger LOG = LoggerFactory.getLogger(KernelCache.class);
    private static final int MAGIC = 0x7A7A0001;

    private final Path folder;
    private boolean warned;

    KernelCache(Path folder) {
        this.folder = folder;
    }

    /** That of the property, or else {@code ~/.cache/tartan/cuda}. */
    static KernelCache ofUser() {
        String named = System.getProperty(PROPERTY);
        return new KernelCache(
                named != null ? Path.of(named) : Path.of(System.getProperty("user.home"), ".cache", "tartan", "cuda"));
    }

    /** The kernel that was made of these parts, made now if it is not there. */
    KernelImage get(List<String> parts, Supplier<KernelImage> make) {
        Path file = folder.resolve(hash(parts) + ".kernel");
        KernelImage kept = Files.isRegularFile(file) ? read(file) : null;
        if (kept != null) {
            return kept;
        }
        KernelImage made = make.get();
        write(file, made);
        return made;
    }

    /** Null if the file is damaged. */
    private static @Nullable KernelImage read(Path file) {
        try (DataInputStream data = new DataInputStream(Files.newInputStream(file))) {
            if (data.readInt() == MAGIC) {
                String symbol = data.readUTF();
                int length = data.readInt();
                if (length >= 0 && length <= Files.size(file)) {
                    byte[] bytes = new byte[length];
                    data.readFully(bytes);
                    return new KernelImage(symbol, bytes);
                }
            }
            unreadable(file, null);
        } catch (IOException e) {
            unreadable(file, e);
        }
        return null;
    }

    private void write(Path file, KernelImage image) {
        try {
            Files.createDirectories(folder);
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            DataOutputStream out = new DataOutputStream(bytes);
            out.writeInt(MAGIC);
            out.writeUTF(image.symbol());
            out.writeInt(image.bytes().length);
            out.write(image.bytes());
            Path making = Files.createTempFile(folder, "making", null);
            Files.write(making, bytes.toByteArray());
            Files.move(making, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            unwritable(file, e);
        }
    }

    private static void unreadable(Path file, @Nullable IOException cause) {
        LOG.warn(
                "file of a compiled CUDA kernel is damaged, and made again: file={}, cause={}",
                file,
                String.valueOf(cause));
    }

    private synchronized void unwritable(Path file, IOException cause) {
        if (!warned) {
            warned = true;
            LOG.warn(
                    "compiled CUDA kernels are not kept, since a file cannot be written: file={}, cause={}. Give a folder"
                            + " that can be written by -D{}.",
                    file,
                    cause.toString(),
                    PROPERTY);
        }
    }

    private static String hash(List<String> parts) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (String part : parts) {
                byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
                digest.update((bytes.length + ":").getBytes(StandardCharsets.UTF_8));
                digest.update(bytes);
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
