package dev.tartan.spark.dataset;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;

/** A mapping of a spool, in the three ways it is read; absolute reads alone, so that many threads may. */
record SpoolSegment(ByteBuffer bytes, IntBuffer ints, FloatBuffer floats) {
    /** Views of all of {@code bytes}, in its byte order. */
    static SpoolSegment of(ByteBuffer bytes) {
        return new SpoolSegment(bytes, bytes.asIntBuffer(), bytes.asFloatBuffer());
    }
}
