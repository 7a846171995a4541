package dev.tartan.architecture.broken.spark;

/** Stands for a library that may not be used. */
public class SparkLike {}
