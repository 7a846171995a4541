package dev.tartan.spark.shell;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.StringReader;
import org.junit.jupiter.api.Test;

class ParagraphReaderTest {
    @Test
    void emptyLinesSeparateParagraphs() throws IOException {
        ParagraphReader reader = new ParagraphReader(new StringReader("\n\na\n  b\n \n\nc"));
        assertThat(reader.readLine()).isEqualTo("a\n  b");
        assertThat(reader.firstLine()).isEqualTo(3);
        assertThat(reader.readLine()).isEqualTo("c");
        assertThat(reader.firstLine()).isEqualTo(7);
        assertThat(reader.readLine()).isNull();
        assertThat(reader.readLine()).isNull();
    }
}
