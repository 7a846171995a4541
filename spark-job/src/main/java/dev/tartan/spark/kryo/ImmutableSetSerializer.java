package dev.tartan.spark.kryo;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.Set;

/** Writes any set as its elements and reads an unmodifiable one with the writer's order. */
final class ImmutableSetSerializer extends Serializer<Set<?>> {
    @Override
    public void write(Kryo kryo, Output output, Set<?> set) {
        output.writeInt(set.size(), true);
        for (Object element : set) {
            kryo.writeClassAndObject(output, element);
        }
    }

    @Override
    public Set<?> read(Kryo kryo, Input input, Class<Set<?>> type) {
        int size = input.readInt(true);
        Set<Object> elements = new LinkedHashSet<>();
        for (int i = 0; i < size; i++) {
            elements.add(kryo.readClassAndObject(input));
        }
        return Collections.unmodifiableSet(elements);
    }
}
