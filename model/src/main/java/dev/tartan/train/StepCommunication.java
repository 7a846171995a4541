package dev.tartan.train;

import dev.tartan.collective.CommunicationCounters.Total;
import dev.tartan.collective.MeshCommunicators;
import java.util.ArrayList;
import java.util.List;

/** What one rank communicates in training steps: all, but for what it does between them. Used by one thread. */
final class StepCommunication {
    private final MeshCommunicators communicators;
    private final int rank;
    private final List<Total> excluded = new ArrayList<>();
    private List<Total> before = List.of();
    private long nanosBefore;
    private long excludedNanos;

    StepCommunication(MeshCommunicators communicators, int rank) {
        this.communicators = communicators;
        this.rank = rank;
    }

    /** What follows, up to {@link #resume}, does not count. */
    void pause() {
        before = communicators.totals(rank);
        nanosBefore = communicators.callNanos(rank);
    }

    /** Steps go on. */
    void resume() {
        communicators.totals(rank).forEach(total -> excluded.add(minus(total, before)));
        excludedNanos += communicators.callNanos(rank) - nanosBefore;
    }

    /** By op and axis, those that steps have. */
    List<Total> totals() {
        return communicators.totals(rank).stream()
                .map(total -> minus(total, excluded))
                .filter(total -> total.count() > 0)
                .toList();
    }

    long callNanos() {
        return communicators.callNanos(rank) - excludedNanos;
    }

    private static Total minus(Total total, List<Total> others) {
        long count = total.count();
        long bytes = total.bytes();
        for (Total other : others) {
            if (other.op() == total.op() && other.axis().equals(total.axis())) {
                count -= other.count();
                bytes -= other.bytes();
            }
        }
        return new Total(total.op(), total.axis(), count, bytes);
    }
}
