package dev.tartan.network;

/**
 * The sizes of a network as a record, which a config's section {@code network} is read into: each component is a key,
 * described by {@link Key}. {@code network { class = "com.acme.MyNet", width = 64 }} reads a record
 * {@code com.acme.MyNet(int width)}; some have names of their own, kinds.
 */
public interface NetworkConfig extends NetworkFactory {
    /** Says what must hold among the sizes. */
    default void check(KeyRules rules) {}
}
