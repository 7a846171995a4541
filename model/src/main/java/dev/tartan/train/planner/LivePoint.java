package dev.tartan.train.planner;

/**
 * What is alive while one instruction runs.
 *
 * @param bytes all of it
 * @param gradientBytes gradients of parameters among it
 */
record LivePoint(PerSample bytes, double gradientBytes) {}
