package dev.tartan.graph;

/** How elements are combined into one. */
public enum Reduction {
    SUM,
    MAX,
    MIN
}
