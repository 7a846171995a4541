package dev.tartan.spark.shell;

import java.io.PrintWriter;
import org.apache.spark.repl.Main;
import org.apache.spark.repl.SparkILoop;
import org.jspecify.annotations.Nullable;
import scala.tools.nsc.interpreter.Results;

/**
 * Spark's REPL over paragraphs. Each is compiled as a whole, so a class and its companion may stand in one. A paragraph
 * that ends in the middle of a statement goes on in the next, so a class body may have empty lines. Used by one thread.
 */
final class ParagraphLoop extends SparkILoop {
    private final ParagraphReader paragraphs;
    private @Nullable String begun;
    private int firstLine;
    private @Nullable String failure;

    ParagraphLoop(ParagraphReader paragraphs, PrintWriter out) {
        super(paragraphs, out);
        this.paragraphs = paragraphs;
    }

    /** Says nothing: nobody is there to be welcomed. */
    @Override
    public void printWelcome() {}

    @Override
    public String prompt() {
        return "";
    }

    /** Runs a paragraph; false ends the loop. */
    @Override
    public boolean processLine(@Nullable String paragraph) {
        if (paragraph == null) {
            return false;
        }
        if (Main.sparkContext() == null) {
            failure = "Spark did not start. See the messages above.";
            return false;
        }
        if (begun == null) {
            firstLine = paragraphs.firstLine();
            if (paragraph.startsWith(":")) {
                return super.processLine(paragraph);
            }
        }
        String text = begun == null ? paragraph : begun + "\n\n" + paragraph;
        begun = null;
        String result = intp().interpret(text).toString();
        if (result.equals(Results.Incomplete$.MODULE$.toString())) {
            begun = text;
        } else if (result.equals(Results.Error$.MODULE$.toString())) {
            failure = "paragraph failed: line=" + firstLine + ". See the messages above.";
        }
        return failure == null;
    }

    /** Why the input was not run to its end, null if it was. */
    @Nullable
    String failure() {
        return failure == null && begun != null
                ? "paragraph is incomplete: line=" + firstLine + ". Close its brackets."
                : failure;
    }
}
