package dev.tartan.collective.transport.tcp;

import dev.tartan.collective.CollectiveException.Reason;
import dev.tartan.collective.transport.RollCall;
import dev.tartan.collective.transport.TransportFailure;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * How the groups of a process end: together. Whatever fails first, here or in another process, is made the failure of
 * all ranks of this process in all of their groups, so that none waits for a rank that waits elsewhere.
 *
 * <p>The {@link Watcher} calls all methods but {@link #join}, {@link #leave}, {@link #end} and {@link #onEnd}.
 */
final class Fate {
    private final ProcessGroup processes;
    private final List<Attendance> attendances = new CopyOnWriteArrayList<>();
    private final List<Consumer<TransportFailure>> listeners = new CopyOnWriteArrayList<>();
    private @Nullable TransportFailure failure;
    private boolean told;

    Fate(ProcessGroup processes) {
        this.processes = processes;
    }

    /** A rank of this process joins a group. */
    void join(Attendance attendance) {
        attendances.add(attendance);
        TransportFailure ended = failure();
        if (ended != null) {
            end(attendance, ended);
        }
    }

    void leave(Attendance attendance) {
        attendances.remove(attendance);
    }

    /** Ends all groups, unless they have ended. */
    void end(Reason reason, String what, @Nullable Throwable cause) {
        synchronized (this) {
            if (failure != null) {
                return;
            }
            failure = new TransportFailure(reason, 0, what, cause);
        }
        TransportFailure ended = failure();
        if (ended != null) {
            attendances.forEach(attendance -> end(attendance, ended));
        }
    }

    /** Is told, on the watcher's thread, when all groups have ended. */
    void onEnd(Consumer<TransportFailure> listener) {
        listeners.add(listener);
    }

    synchronized @Nullable TransportFailure failure() {
        return failure;
    }

    /** Makes a failure of one group that of all, and tells everybody; says what is to be sent to all processes. */
    void spread(Consumer<byte[]> toAll) {
        answerAll(toAll);
        for (Attendance attendance : attendances) {
            TransportFailure ended = attendance.rollCall().failure();
            if (ended != null) {
                end(reasonElsewhere(ended.reason()), ended.what(), ended.cause());
            }
        }
        TransportFailure ended = failure();
        if (ended == null) {
            return;
        }
        attendances.forEach(attendance -> end(attendance, ended));
        answerAll(toAll);
        if (!told) {
            told = true;
            toAll.accept(ControlDescriptor.answer(
                    ControlDescriptor.NO_GROUP, 0, ended.reason(), new RollCall.Answer(0, 0, ""), ended.what()));
            listeners.forEach(listener -> listener.accept(ended));
        }
    }

    private void answerAll(Consumer<byte[]> toAll) {
        for (Attendance attendance : attendances) {
            if (attendance.owesAnswer()) {
                answer(attendance, toAll);
            }
        }
    }

    /**
     * Compares the calls of ranks of this process, and says what is to be sent to all other processes. Of ranks that
     * are in the same call one speaks; before their first call all do, for those who form the group.
     */
    void heartbeat(Consumer<byte[]> toAll) {
        toAll.accept(ControlDescriptor.heartbeat());
        Set<Whereabouts> said = new HashSet<>();
        for (Attendance attendance : attendances) {
            RollCall rollCall = attendance.rollCall();
            long sequence = rollCall.sequence();
            long fingerprint = rollCall.fingerprint(sequence);
            if (sequence > 0 && !said.add(new Whereabouts(attendance.group(), sequence, fingerprint))) {
                continue;
            }
            toAll.accept(ControlDescriptor.heartbeat(attendance.group(), attendance.rank(), sequence, fingerprint));
            for (Attendance other : attendances) {
                if (sequence > 0 && other != attendance && other.group() == attendance.group()) {
                    other.rollCall().heard(attendance.rank(), sequence, fingerprint);
                }
            }
        }
    }

    /** Where a rank is. */
    private record Whereabouts(long group, long sequence, long fingerprint) {}

    private static void end(Attendance attendance, TransportFailure ended) {
        RollCall rollCall = attendance.rollCall();
        if (rollCall.failure() == null) {
            rollCall.fail(ended.reason(), rollCall.sequence(), ended.what(), ended.cause());
        }
    }

    private void answer(Attendance from, Consumer<byte[]> toAll) {
        TransportFailure ended = from.rollCall().failure();
        if (ended == null) {
            return;
        }
        RollCall.Answer answer = from.answer();
        toAll.accept(ControlDescriptor.answer(from.group(), from.rank(), ended.reason(), answer, ended.what()));
        for (Attendance other : attendances) {
            if (other != from && other.group() == from.group()) {
                other.rollCall().answered(from.rank(), answer, ended.reason(), ended.what());
            }
        }
    }

    /** What is a dispute about one group's calls is for another group only an end. */
    private static Reason reasonElsewhere(Reason reason) {
        return reason == Reason.PEER_LOST ? Reason.PEER_LOST : Reason.ABORTED;
    }

    /** A heartbeat or an answer has come from another process. */
    void heard(ByteBuffer frame) {
        boolean isAnswer = ControlDescriptor.type(frame) == ControlDescriptor.ANSWER;
        long group = ControlDescriptor.group(frame);
        int rank = ControlDescriptor.rank(frame);
        for (Attendance attendance : attendances) {
            RollCall rollCall = attendance.rollCall();
            boolean concerned = attendance.group() == group
                    && rank >= 0
                    && rank < rollCall.group().numRanks();
            if (concerned && isAnswer) {
                rollCall.answered(
                        rank,
                        new RollCall.Answer(
                                ControlDescriptor.sequence(frame),
                                ControlDescriptor.detail(frame),
                                ControlDescriptor.call(frame)),
                        ControlDescriptor.reason(frame),
                        ControlDescriptor.what(frame));
            } else if (concerned) {
                rollCall.heard(rank, ControlDescriptor.sequence(frame), ControlDescriptor.detail(frame));
            }
        }
        if (isAnswer) {
            end(reasonElsewhere(ControlDescriptor.reason(frame)), ControlDescriptor.what(frame), null);
        }
    }

    /** A process will never be heard again. */
    void lost(int process, String what, @Nullable Throwable cause) {
        for (Attendance attendance : attendances) {
            RollCall rollCall = attendance.rollCall();
            for (int rank = 0; rank < rollCall.group().numRanks(); rank++) {
                if (rollCall.name(rank).process() == process && !rollCall.hasAnswered(rank)) {
                    rollCall.lost(rank, "Rank " + rollCall.name(rank) + " " + what, cause);
                }
            }
        }
        end(Reason.PEER_LOST, processes.processes().get(process).describe() + " " + what, cause);
    }
}
