package dev.tartan.op;

import java.util.Locale;

/** Functions of two numbers. */
public enum BinaryKind {
    ADD,
    SUB,
    MUL,
    DIV,
    MAX,
    MIN,
    POW;

    /** The name in printed graphs. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
