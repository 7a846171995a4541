package dev.tartan.train;

import dev.tartan.backend.Backend;
import dev.tartan.plan.DeviceKind;

/** Whether the ranks of this process leave a core of the machine to other threads. */
final class BusyCores {
    private BusyCores() {}

    /** Whether so many ranks, each a thread that computes or waits awake, are enough for all cores. */
    static boolean with(int numRanks) {
        return numRanks >= Runtime.getRuntime().availableProcessors();
    }

    /** As {@link #with(int)}, for ranks on devices that may not be cores. */
    static boolean with(int numRanks, Backend backend) {
        return backend.profile().kind() == DeviceKind.CPU && with(numRanks);
    }
}
