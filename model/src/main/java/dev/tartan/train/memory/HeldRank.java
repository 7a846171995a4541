package dev.tartan.train.memory;

import dev.tartan.backend.Arena;

/** The memory of a rank of an attempt that failed, and the states in it. */
public record HeldRank(HeldState state, Arena arena) {}
