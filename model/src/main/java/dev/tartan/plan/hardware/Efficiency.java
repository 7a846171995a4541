package dev.tartan.plan.hardware;

/**
 * What share of its peak hardware reaches in training, the same for all networks.
 *
 * @param matmul of the peak of matrix products
 * @param memory of the memory bandwidth, in ops that are bound by it
 * @param link of a link's bandwidth, in collectives
 * @param overlap share of the time of computation behind which collectives can hide
 */
public record Efficiency(double matmul, double memory, double link, double overlap) {}
