package dev.tartan.checkpoint.sharded;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Layout of a manifest's file, which is JSON and tells its own length and checksum, so that one that was cut off or
 * changed is known for that on any store:
 *
 * <pre>
 *   {"tartanCheckpoint":1,"bytes":"000000001234","crc32c":"0123abcd","manifest":{ ... }}\n
 *                       |          |                       |                    '--- body ---'
 *                       |          |                       '- of the body, 8 hex digits
 *                       |          '- of the whole file, 12 digits
 *                       '- version of the format
 * </pre>
 */
final class ManifestDescriptor {
    /** The format that is written, and the newest that is read. */
    static final int VERSION = 1;

    /** The file, in the folder of its checkpoint. */
    static final String FILE = "manifest.json";

    /** No manifest is read that is longer. */
    static final long MAX_BYTES = 1 << 30;

    static final String END = "}\n";

    /** Groups: version, bytes, checksum. */
    static final Pattern START = Pattern.compile("\\{\"tartanCheckpoint\":(\\d{1,9}),\"bytes\":\"(\\d{12})\","
            + "\"crc32c\":\"([0-9a-f]{8})\",\"manifest\":");

    /** No start is longer. */
    static final int MAX_START_BYTES = 96;

    private ManifestDescriptor() {}

    /** What stands before a body. */
    static byte[] start(int bodyBytes, int crc) {
        int bytes = start(0L, 0).length + bodyBytes + END.length();
        return start((long) bytes, crc);
    }

    private static byte[] start(long bytes, int crc) {
        String start = String.format(
                Locale.ROOT,
                "{\"tartanCheckpoint\":%d,\"bytes\":\"%012d\",\"crc32c\":\"%08x\",\"manifest\":",
                VERSION,
                bytes,
                crc);
        return start.getBytes(StandardCharsets.US_ASCII);
    }
}
