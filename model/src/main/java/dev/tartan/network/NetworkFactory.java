package dev.tartan.network;

import java.io.Serializable;

/**
 * Makes a network: on the driver to compile it, and in each process that trains to fill its parameters with their
 * initial values. Every call gives a network of the same parameters.
 *
 * <p>A lambda, {@code () -> new MyNetwork(64)}, or a record of the network's sizes. Executors get it by Java
 * serialization, so what it refers to has to be serializable.
 */
@FunctionalInterface
public interface NetworkFactory extends Serializable {
    /** Makes a new network. */
    Network create();
}
