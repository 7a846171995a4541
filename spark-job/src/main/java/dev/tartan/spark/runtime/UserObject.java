package dev.tartan.spark.runtime;

import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;

/**
 * An object of the user's for tasks of ordinary Spark jobs, such as what makes a network: sent as mesh jobs send
 * theirs, so that classes and lambdas of a notebook's paragraph go too, without the paragraph's session and frames.
 */
public final class UserObject implements Serializable {
    private static final long serialVersionUID = 1;

    private final TaskClosure closure;

    private UserObject(TaskClosure closure) {
        this.closure = closure;
    }

    /**
     * Packs an object.
     *
     * @throws IllegalArgumentException if it holds something that is not serializable, with the way to it
     */
    public static UserObject of(Serializable object) {
        return new UserObject(TaskClosure.of(object));
    }

    /**
     * Unpacks it, with the classes that the thread's context class loader knows.
     *
     * @throws IllegalArgumentException if this process has not got the class of a lambda in it
     */
    public Object read() {
        try {
            return closure.task();
        } catch (IOException e) {
            throw new UncheckedIOException("object of the user's cannot be read: reason=" + e.getMessage(), e);
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(
                    "object of the user's is of a class that this process lacks: class=" + e.getMessage()
                            + ". Give executors its jar by spark.jars.",
                    e);
        }
    }
}
