package dev.tartan.op;

import dev.tartan.graph.Op;
import dev.tartan.mesh.StorageLayout;

/**
 * The identity up to padding, laid out anew at just this place: layouts do not spread through it, and what it makes is
 * not shared with other uses, so that it lives no longer than they need it. Exists in graphs only; programs have what
 * it comes to.
 */
public sealed interface Relayout extends Op permits Fetch, Deposit {
    /** Where it lies before and after. */
    StorageLayout layout();
}
