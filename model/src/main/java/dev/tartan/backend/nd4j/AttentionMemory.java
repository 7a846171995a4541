package dev.tartan.backend.nd4j;

import dev.tartan.backend.Buffer;
import dev.tartan.backend.Scratch;
import dev.tartan.graph.TensorType;
import java.nio.FloatBuffer;
import java.util.List;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A lane's memory for rows of heads or for scores, which its products always find at the same place. */
record AttentionMemory(Buffer buffer, FloatBuffer floats) {
    static AttentionMemory of(Buffer buffer) {
        return new AttentionMemory(buffer, buffer.hostBytes().asFloatBuffer());
    }

    /** Memory for each of these, one after the other. */
    static List<AttentionMemory> take(List<TensorType> types, Scratch scratch) {
        return types.stream().map(type -> of(scratch.take(type))).toList();
    }

    /** Whole tensors as floats. */
    static List<FloatBuffer> floats(List<Buffer> buffers) {
        return buffers.stream()
                .map(buffer -> buffer.hostBytes().asFloatBuffer())
                .toList();
    }

    /** Its beginning as a matrix. */
    INDArray matrix(long rows, long columns) {
        return Nd4jBuffers.view(buffer, 0, new long[] {rows, columns}, new long[] {columns, 1});
    }

    /** Copies {@code count} elements of {@code from} here. */
    void load(FloatBuffer from, int index, int count) {
        floats.put(0, from, index, count);
    }

    /** Copies the first {@code count} elements of this to {@code to}. */
    void store(FloatBuffer to, int index, int count) {
        to.put(index, floats, 0, count);
    }
}
