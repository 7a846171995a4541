package dev.tartan.spark.kryo;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import dev.tartan.mesh.Shape;

/** Writes a shape as its dims. */
final class ShapeSerializer extends Serializer<Shape> {
    @Override
    public void write(Kryo kryo, Output output, Shape shape) {
        output.writeInt(shape.numDims(), true);
        output.writeLongs(shape.dims(), true);
    }

    @Override
    public Shape read(Kryo kryo, Input input, Class<Shape> type) {
        return Shape.shape(input.readLongs(input.readInt(true), true));
    }
}
