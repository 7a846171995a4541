package dev.tartan.train.config;

import dev.tartan.network.Network;
import dev.tartan.network.NetworkFactory;
import java.lang.reflect.Constructor;
import java.lang.reflect.InvocationTargetException;

/**
 * A network's class, found by name, that needs no sizes.
 *
 * @param name of a {@link Network} with a constructor without parameters
 */
record NetworkClass(String name) implements NetworkFactory {
    @Override
    public Network create() {
        try {
            Constructor<? extends Network> constructor =
                    load(name).asSubclass(Network.class).getDeclaredConstructor();
            constructor.setAccessible(true);
            return constructor.newInstance();
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof RuntimeException failure) {
                throw failure;
            }
            throw new IllegalArgumentException(
                    "network.class cannot be made: value=" + name + ", reason=" + e.getCause() + ". Correct the class.",
                    e);
        } catch (ReflectiveOperationException e) {
            throw new IllegalArgumentException(
                    "network.class cannot be made: value=" + name + ", reason=" + e + ". Give it a constructor without"
                            + " parameters, or name a record of its sizes that implements NetworkFactory.",
                    e);
        }
    }

    /** Loads a class as the application sees it. */
    static Class<?> load(String name) throws ClassNotFoundException {
        ClassLoader context = Thread.currentThread().getContextClassLoader();
        return Class.forName(name, true, context == null ? NetworkClass.class.getClassLoader() : context);
    }
}
