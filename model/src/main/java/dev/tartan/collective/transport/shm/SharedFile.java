package dev.tartan.collective.transport.shm;

import com.sun.security.auth.module.UnixSystem;
import dev.tartan.collective.MemoryRegion;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A small file mapped by two processes. All of its pages are written when it is made, so that a folder in memory which
 * is too small, as {@code /dev/shm} of a container often is, is found out then and not by a crash later.
 */
final class SharedFile {
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final String PREFIX = "tartan-";
    private static final String SUFFIX = ".shm";

    /** As files are named here, between the two a number. */
    private static final Pattern NAME = Pattern.compile(Pattern.quote(PREFIX) + "[0-9]+" + Pattern.quote(SUFFIX));

    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rw-------");

    private final Path path;
    private final byte[] token;
    private final MemoryRegion memory;
    private final int ringBytes;
    private final boolean maker;

    private SharedFile(Path path, byte[] token, MappedByteBuffer mapped, int ringBytes, boolean maker) {
        this.path = path;
        this.token = token;
        this.memory = MemoryRegion.of(mapped);
        this.ringBytes = ringBytes;
        this.maker = maker;
    }

    /**
     * Makes a file, readable by this user only, in the first of the folders that has room for it.
     *
     * @throws IOException naming why none has
     */
    static SharedFile create(List<Path> folders, int ringBytes) throws IOException {
        StringBuilder reasons = new StringBuilder();
        for (Path folder : folders) {
            try {
                return createIn(folder, ringBytes);
            } catch (IOException e) {
                reasons.append(reasons.length() == 0 ? "" : "; ").append(e);
            }
        }
        throw new IOException("no folder can hold shared memory: folders=" + folders + ", reasons=" + reasons);
    }

    private static SharedFile createIn(Path folder, int ringBytes) throws IOException {
        Path path = Files.createTempFile(folder, PREFIX, SUFFIX, PosixFilePermissions.asFileAttribute(OWNER_ONLY));
        try (FileChannel channel =
                FileChannel.open(path, EnumSet.of(StandardOpenOption.READ, StandardOpenOption.WRITE))) {
            long bytes = SharedFileDescriptor.fileBytes(ringBytes);
            ByteBuffer zeros = ByteBuffer.allocate(Math.toIntExact(bytes));
            while (zeros.hasRemaining()) {
                channel.write(zeros);
            }
            byte[] token = new byte[SharedFileDescriptor.TOKEN_BYTES];
            RANDOM.nextBytes(token);
            MappedByteBuffer mapped = channel.map(FileChannel.MapMode.READ_WRITE, 0, bytes);
            mapped.order(ByteOrder.nativeOrder());
            mapped.putLong(SharedFileDescriptor.MAGIC_OFFSET, SharedFileDescriptor.MAGIC);
            mapped.putLong(SharedFileDescriptor.RING_BYTES_OFFSET, ringBytes);
            mapped.put(SharedFileDescriptor.TOKEN_OFFSET, token);
            return new SharedFile(path, token, mapped, ringBytes, true);
        } catch (IOException | RuntimeException e) {
            Files.deleteIfExists(path);
            throw e;
        }
    }

    /**
     * Opens the file another process made; returns null if there is none with that token here. Whoever names the file
     * has proven to be of the mesh, and yet cannot make this process write to anything but such a file: it has the name
     * of one, lies right in one of the folders, is no link, and is this user's and nobody else's to read and write.
     */
    static @Nullable SharedFile open(List<Path> folders, String name, byte[] token) {
        try {
            Path path = Path.of(name);
            boolean isPlace = folders.contains(path.getParent())
                    && NAME.matcher(String.valueOf(path.getFileName())).matches();
            return isPlace && isOwn(path) ? map(path, token) : null;
        } catch (IOException | RuntimeException e) {
            return null;
        }
    }

    /** In a folder that all may write to, as both usual ones are, nobody can put a file in place of another user's. */
    private static boolean isOwn(Path path) throws IOException {
        Map<String, Object> found = Files.readAttributes(path, "unix:uid,permissions", LinkOption.NOFOLLOW_LINKS);
        long uid = ((Number) Objects.requireNonNull(found.get("uid"))).longValue();
        return uid == new UnixSystem().getUid() && OWNER_ONLY.equals(found.get("permissions"));
    }

    private static @Nullable SharedFile map(Path path, byte[] token) throws IOException {
        try (FileChannel channel = FileChannel.open(
                path, Set.of(StandardOpenOption.READ, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS))) {
            MappedByteBuffer mapped = channel.map(FileChannel.MapMode.READ_WRITE, 0, channel.size());
            mapped.order(ByteOrder.nativeOrder());
            byte[] found = new byte[SharedFileDescriptor.TOKEN_BYTES];
            mapped.get(SharedFileDescriptor.TOKEN_OFFSET, found);
            int ringBytes = Math.toIntExact(mapped.getLong(SharedFileDescriptor.RING_BYTES_OFFSET));
            boolean same = mapped.getLong(SharedFileDescriptor.MAGIC_OFFSET) == SharedFileDescriptor.MAGIC
                    && Arrays.equals(found, token)
                    && channel.size() == SharedFileDescriptor.fileBytes(ringBytes);
            return same ? new SharedFile(path, token, mapped, ringBytes, false) : null;
        }
    }

    Path path() {
        return path;
    }

    byte[] token() {
        return token.clone();
    }

    /** Removes the name; the memory stays until both processes are done with it, and no longer. */
    void unlink() {
        try {
            Files.deleteIfExists(path);
        } catch (IOException e) {
            // A file nobody can remove is found by whoever cleans the folder.
            path.toFile().deleteOnExit();
        }
    }

    SharedPipe out() {
        return pipe(maker ? 0 : 1);
    }

    SharedPipe in() {
        return pipe(maker ? 1 : 0);
    }

    private SharedPipe pipe(int pipe) {
        return new SharedPipe(
                memory.address() + SharedFileDescriptor.pipeOffset(pipe),
                memory.address() + SharedFileDescriptor.ringOffset(pipe, ringBytes),
                ringBytes);
    }
}
