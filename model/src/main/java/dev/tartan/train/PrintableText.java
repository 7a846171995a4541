package dev.tartan.train;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Shows bytes that need not be text on a terminal. */
final class PrintableText {
    private PrintableText() {}

    /** The bytes as UTF-8; those that are none, and control characters but for white space, as in {@code \x1b}. */
    static String of(byte[] bytes) {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < bytes.length; ) {
            int width = Math.min(width(bytes[i]), bytes.length - i);
            String character = decode(bytes, i, width);
            if (character == null) {
                text.append(String.format(Locale.ROOT, "\\x%02x", bytes[i]));
                i++;
            } else {
                text.append(character);
                i += width;
            }
        }
        return text.toString();
    }

    /** Bytes of the character that begins with this one (RFC 3629, section 3). */
    private static int width(byte first) {
        int ones = Integer.numberOfLeadingZeros(~(first << 24));
        return ones == 0 ? 1 : ones;
    }

    private static @Nullable String decode(byte[] bytes, int from, int width) {
        try {
            String character = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes, from, width))
                    .toString();
            boolean shown =
                    character.codePoints().allMatch(c -> !Character.isISOControl(c) || "\n\r\t".indexOf(c) >= 0);
            return shown ? character : null;
        } catch (CharacterCodingException e) {
            return null;
        }
    }
}
