package dev.tartan.checkpoint;

import dev.tartan.mesh.Shape;

/**
 * Where one tensor of a safetensors file lies.
 *
 * @param name the tensor's name
 * @param type element type in the file
 * @param shape global shape
 * @param offset first byte, counted from the start of the data section
 * @param bytes length in bytes, always {@code shape.numElements() * type.bytes()}
 */
public record SafetensorsEntry(String name, SafetensorsType type, Shape shape, long offset, long bytes) {
    /** First byte after the tensor, counted from the start of the data section. */
    public long end() {
        return offset + bytes;
    }
}
