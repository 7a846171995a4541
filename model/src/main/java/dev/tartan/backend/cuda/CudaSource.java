package dev.tartan.backend.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;

/** The source files, one a family of kernels. */
enum CudaSource {
    ELEMENTWISE,
    CHAIN,
    REDUCE,
    NORM,
    SOFTMAX,
    EMBEDDING,
    ROTARY,
    ADAMW,
    COPY,
    RANDOM,
    ATTENTION,
    ATTENTION_TENSOR,
    CONVOLUTION,
    POOL,
    RECURRENT;

    /** Files that sources include, by the names they use. */
    static final List<String> HEADERS = List.of("common.cuh", "functions.cuh", "attention.cuh", "window.cuh");

    /** For example {@code elementwise.cu}. */
    String fileName() {
        return name().toLowerCase(Locale.ROOT) + ".cu";
    }

    /** What is in the file. */
    String text() {
        return text(fileName());
    }

    /** What is in a source file or header. */
    static String text(String fileName) {
        try (InputStream in = CudaSource.class.getResourceAsStream(fileName)) {
            if (in == null) {
                throw new IllegalStateException("CUDA source is missing in the jar: name=" + fileName + ".");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
