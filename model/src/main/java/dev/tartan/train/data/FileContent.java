package dev.tartan.train.data;

import dev.tartan.train.data.SkippedFiles.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Tells text from what is not, by a file's first bytes. */
final class FileContent {
    /** As many bytes as git looks at to tell binary files from text. */
    private static final int PROBE_BYTES = 8000;

    /** gzip, bzip2, xz, zstd, zip and lz4 frames. */
    private static final List<byte[]> COMPRESSED = List.of(
            bytes(0x1f, 0x8b),
            bytes('B', 'Z', 'h'),
            bytes(0xfd, '7', 'z', 'X', 'Z'),
            bytes(0x28, 0xb5, 0x2f, 0xfd),
            bytes('P', 'K', 3, 4),
            bytes(0x04, 0x22, 0x4d, 0x18));

    /** Byte order marks of UTF-16 and UTF-32 of both orders; no UTF-8 begins so. */
    private static final List<byte[]> WIDE = List.of(bytes(0xff, 0xfe), bytes(0xfe, 0xff), bytes(0, 0, 0xfe, 0xff));

    private FileContent() {}

    /** Why the file is no text, null if it is. */
    static @Nullable Kind whyNoText(Path file) throws IOException {
        byte[] start;
        try (InputStream stream = Files.newInputStream(file)) {
            start = stream.readNBytes(PROBE_BYTES);
        }
        if (startsWithAny(start, COMPRESSED)) {
            return Kind.COMPRESSED;
        }
        if (startsWithAny(start, WIDE) || looksWide(start)) {
            return Kind.UTF_16;
        }
        for (byte value : start) {
            if (value == 0) {
                return Kind.BINARY;
            }
        }
        return null;
    }

    /** Whether every other byte is zero and the others are not, as in UTF-16 of Latin letters without a mark. */
    private static boolean looksWide(byte[] start) {
        int even = 0;
        int odd = 0;
        for (int i = 0; i < start.length; i++) {
            if (start[i] == 0) {
                even += 1 - i % 2;
                odd += i % 2;
            }
        }
        int pairs = start.length / 2;
        return pairs > 0 && Math.min(even, odd) == 0 && Math.max(even, odd) >= 0.9 * pairs;
    }

    private static boolean startsWithAny(byte[] start, List<byte[]> marks) {
        return marks.stream()
                .anyMatch(mark ->
                        start.length >= mark.length && Arrays.equals(start, 0, mark.length, mark, 0, mark.length));
    }

    private static byte[] bytes(int... values) {
        byte[] bytes = new byte[values.length];
        for (int i = 0; i < values.length; i++) {
            bytes[i] = (byte) values[i];
        }
        return bytes;
    }
}
