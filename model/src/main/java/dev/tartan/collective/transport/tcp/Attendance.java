package dev.tartan.collective.transport.tcp;

import dev.tartan.collective.transport.RollCall;

/** A rank of this process within one group, and what of its failure was spread. For the {@link Watcher}'s thread. */
final class Attendance {
    private final RollCall rollCall;
    private final long group;
    private long answeredFor = Long.MAX_VALUE;

    Attendance(RollCall rollCall) {
        this.rollCall = rollCall;
        this.group = rollCall.group().id();
    }

    RollCall rollCall() {
        return rollCall;
    }

    long group() {
        return group;
    }

    int rank() {
        return rollCall.rank();
    }

    /** Whether the rank has failed and not answered for a call as early as the one in question; counts it answered. */
    boolean owesAnswer() {
        if (rollCall.failure() == null) {
            return false;
        }
        long question = rollCall.question();
        boolean owes = answeredFor > question;
        answeredFor = Math.min(answeredFor, question);
        return owes;
    }

    RollCall.Answer answer() {
        long question = rollCall.question();
        return new RollCall.Answer(rollCall.sequence(), question, rollCall.describe(question));
    }
}
