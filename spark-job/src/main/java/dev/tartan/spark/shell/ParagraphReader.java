package dev.tartan.spark.shell;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Reader;
import org.jspecify.annotations.Nullable;

/**
 * Reads text by paragraphs, that is, by lines between empty ones: to a REPL each is one line. Read by one thread at a
 * time.
 */
final class ParagraphReader extends BufferedReader {
    private int lines;
    private int firstLine;

    ParagraphReader(Reader in) {
        super(in);
    }

    /** The next paragraph without the empty lines around it, null at the end. */
    @Override
    public @Nullable String readLine() throws IOException {
        StringBuilder paragraph = new StringBuilder();
        for (String line = next(); line != null; line = next()) {
            if (!line.isBlank()) {
                if (paragraph.isEmpty()) {
                    firstLine = lines;
                } else {
                    paragraph.append('\n');
                }
                paragraph.append(line);
            } else if (!paragraph.isEmpty()) {
                break;
            }
        }
        return paragraph.isEmpty() ? null : paragraph.toString();
    }

    /** The number of the first line of the paragraph read last, from 1. */
    int firstLine() {
        return firstLine;
    }

    private @Nullable String next() throws IOException {
        lines++;
        return super.readLine();
    }
}
