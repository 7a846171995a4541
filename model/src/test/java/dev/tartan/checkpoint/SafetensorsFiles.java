package dev.tartan.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Safetensors files made byte by byte, independently of the code under test. */
final class SafetensorsFiles {
    private SafetensorsFiles() {}

    static Path golden(String name) {
        return Path.of("src/test/resources/golden", name);
    }

    /** A file of this header and data; the header's length is stated truly. */
    static Path write(Path folder, String header, byte... data) throws IOException {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        return writeRaw(folder, json.length, json, data);
    }

    /** A file that states this header length, whatever the header is. */
    static Path writeRaw(Path folder, long statedLength, byte[] json, byte... data) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(8 + json.length + data.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(statedLength).put(json).put(data);
        return Files.write(folder.resolve("made.safetensors"), bytes.array());
    }

    /** Little-endian bytes of 64-bit numbers. */
    static byte[] longs(long... values) {
        ByteBuffer bytes = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        for (long value : values) {
            bytes.putLong(value);
        }
        return bytes.array();
    }

    /** Little-endian bytes of 16-bit patterns. */
    static byte[] shorts(int... values) {
        ByteBuffer bytes = ByteBuffer.allocate(2 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        for (int value : values) {
            bytes.putShort((short) value);
        }
        return bytes.array();
    }
}
