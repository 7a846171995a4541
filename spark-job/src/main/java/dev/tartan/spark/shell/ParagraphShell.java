package dev.tartan.spark.shell;

import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.nio.charset.Charset;
import org.apache.spark.repl.Main$;

/** Spark's shell over paragraphs of standard input; {@code scripts/shell} submits it. */
public final class ParagraphShell {
    private ParagraphShell() {}

    /** Runs all paragraphs and ends the JVM: 0 if each went well, 1 at the first that did not. */
    public static void main(String[] args) {
        ParagraphReader paragraphs = new ParagraphReader(
                new InputStreamReader(new FileInputStream(FileDescriptor.in), Charset.defaultCharset()));
        ParagraphLoop loop = new ParagraphLoop(paragraphs, new PrintWriter(System.out, true, Charset.defaultCharset()));
        Main$.MODULE$.doMain(args, loop);
        String failure = loop.failure();
        if (failure != null) {
            System.err.println("tartan: " + failure);
        }
        System.exit(failure == null ? 0 : 1);
    }
}
