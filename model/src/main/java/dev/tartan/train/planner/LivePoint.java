package dev.tartan.train.planner;

/**
 * What is alive while one instruction runs.
 *
 * @param bytes all of it
 * @param gradientBytes gradients of parameters among it
 * @param copyBytes parameters in the type in which they are used, among it, if that is not the one they are kept in
 */
record LivePoint(PerSample bytes, double gradientBytes, double copyBytes) {}
