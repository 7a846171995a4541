package dev.tartan.network;

/**
 * A factory of networks of equal blocks, which can make the same network with another number of them: the planner
 * measures shallow networks and extrapolates.
 */
public interface DeepNetworkFactory extends NetworkFactory {
    /** Number of blocks. */
    int layers();

    /** The same network with another number of blocks. */
    DeepNetworkFactory withLayers(int count);
}
