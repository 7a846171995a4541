package dev.tartan.spark.kryo;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import com.esotericsoftware.kryo.pool.KryoPool;
import org.jspecify.annotations.Nullable;
import org.objenesis.strategy.StdInstantiatorStrategy;

/**
 * Turns Tartan's own values into bytes and back, by a Kryo of its own. Whatever serializer the Spark session has, it
 * only sees arrays of bytes. Every type must be registered: see {@code registered-classes.txt}. Thread-safe.
 */
public final class TartanKryo {
    private static final int FIRST_BUFFER_BYTES = 4096;
    private static final KryoPool POOL =
            new KryoPool.Builder(TartanKryo::newKryo).softReferences().build();

    private TartanKryo() {}

    /**
     * Writes a value and all that it holds.
     *
     * @throws IllegalArgumentException if a type is not registered
     */
    public static byte[] toBytes(@Nullable Object value) {
        return POOL.run(kryo -> {
            Output output = new Output(FIRST_BUFFER_BYTES, -1);
            kryo.writeClassAndObject(output, value);
            return output.toBytes();
        });
    }

    /** Reads what {@link #toBytes} wrote, in this process or in another with the same jar. */
    public static @Nullable Object fromBytes(byte[] bytes) {
        return POOL.run(kryo -> kryo.readClassAndObject(new Input(bytes)));
    }

    private static Kryo newKryo() {
        Kryo kryo = new Kryo();
        kryo.setRegistrationRequired(true);
        // Types without a constructor that takes nothing are made without one.
        kryo.setInstantiatorStrategy(new Kryo.DefaultInstantiatorStrategy(new StdInstantiatorStrategy()));
        JdkClasses.register(kryo);
        RegisteredClasses.register(kryo);
        return kryo;
    }
}
