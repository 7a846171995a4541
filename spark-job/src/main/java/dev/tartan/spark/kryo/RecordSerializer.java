package dev.tartan.spark.kryo;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Writes a record as its components in order and makes it again by its canonical constructor, so that what the
 * constructor checks holds after the journey too. Kryo 4 knows no records, and their fields cannot be set.
 */
final class RecordSerializer<T extends Record> extends Serializer<T> {
    private final Class<?>[] types;
    private final MethodHandle[] accessors;
    private final MethodHandle constructor;

    RecordSerializer(Class<T> type) {
        // Not told to Kryo as immutable: it would then hand out the same object as a copy, which only copy() needs.
        super(false);
        RecordComponent[] components = type.getRecordComponents();
        types = Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
        accessors = new MethodHandle[components.length];
        try {
            MethodHandles.Lookup lookup = MethodHandles.privateLookupIn(type, MethodHandles.lookup());
            for (int i = 0; i < components.length; i++) {
                accessors[i] = lookup.unreflect(components[i].getAccessor())
                        .asType(MethodType.methodType(Object.class, Object.class));
            }
            constructor = lookup.findConstructor(type, MethodType.methodType(void.class, types))
                    .asSpreader(Object[].class, types.length)
                    .asType(MethodType.methodType(Object.class, Object[].class));
        } catch (ReflectiveOperationException e) {
            throw new IllegalArgumentException(
                    "record cannot be opened to Kryo: type=" + type.getName() + ". Open its package to Tartan.", e);
        }
    }

    @Override
    public void write(Kryo kryo, Output output, T value) {
        for (int i = 0; i < accessors.length; i++) {
            Object component = get(accessors[i], value);
            if (component != null && types[i].isPrimitive()) {
                kryo.writeObject(output, component);
            } else {
                kryo.writeClassAndObject(output, component);
            }
        }
    }

    @Override
    public T read(Kryo kryo, Input input, Class<T> type) {
        @Nullable Object[] values = new Object[types.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = types[i].isPrimitive()
                    ? kryo.readObject(
                            input, MethodType.methodType(types[i]).wrap().returnType())
                    : kryo.readClassAndObject(input);
        }
        return type.cast(construct(values));
    }

    private static @Nullable Object get(MethodHandle accessor, Object record) {
        try {
            return (Object) accessor.invokeExact(record);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    private Object construct(@Nullable Object[] values) {
        try {
            return (Object) constructor.invokeExact(values);
        } catch (RuntimeException | Error e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }
}
