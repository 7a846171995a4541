package dev.tartan.train;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class PrintableTextTest {
    @Test
    void textIsKept() {
        String text = "int x = 1;\r\n\tnaïve → 𝄞\n";
        assertThat(PrintableText.of(text.getBytes(StandardCharsets.UTF_8))).isEqualTo(text);
    }

    @Test
    void whatTerminalsCannotShowIsEscaped() {
        byte[] bytes = {'a', 0x1b, '[', 0, (byte) 0xff, (byte) 0xc3, 'b', (byte) 0x80, 0x7f, (byte) 0xe2, (byte) 0x86};
        assertThat(PrintableText.of(bytes)).isEqualTo("a\\x1b[\\x00\\xff\\xc3b\\x80\\x7f\\xe2\\x86");
    }
}
