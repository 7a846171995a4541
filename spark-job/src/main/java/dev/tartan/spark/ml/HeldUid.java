package dev.tartan.spark.ml;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The uid of an object under construction. Constructors of Spark's Scala classes make params and ask for the uid they
 * belong to, before a Java subclass can set its field; so it is held for the thread beforehand.
 */
final class HeldUid {
    private static final ThreadLocal<@Nullable String> HELD = new ThreadLocal<>();

    private final String uid;

    private HeldUid(String uid) {
        this.uid = uid;
    }

    /** Holds a uid until {@link #release}. */
    static HeldUid hold(String uid) {
        HELD.set(uid);
        return new HeldUid(uid);
    }

    /** The uid, held no longer. */
    String release() {
        HELD.remove();
        return uid;
    }

    /** The object's own uid, once it is set. */
    static String of(@Nullable String own) {
        return own != null ? own : Objects.requireNonNull(HELD.get(), "uid");
    }
}
