package dev.tartan.collective.algorithm;

import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.CollectiveOp;

/**
 * One way of doing one op among two ranks or more. Belongs to one rank; keeps no state from call to call and allocates
 * nothing.
 */
interface CollectiveAlgorithm {
    /** Name in options and reports, for example {@code ring}. */
    String name();

    /** The op it does. */
    CollectiveOp op();

    /** Does this rank's part of a call that fits the op and has a payload, unless the op is a barrier. */
    void run(CollectiveCall call);
}
