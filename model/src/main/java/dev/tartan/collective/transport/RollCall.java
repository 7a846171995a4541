package dev.tartan.collective.transport;

import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.CollectiveException;
import dev.tartan.collective.CollectiveException.Reason;
import dev.tartan.collective.RankPlace;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * What one rank knows about where all ranks of its group are, and how it ends. Thread-safe; {@link #begin} and
 * {@link #exception} are for the rank's own thread.
 *
 * <p>The first failure a rank meets or is told of finishes the group for it. It then <i>answers</i>: it tells all peers
 * the failure, and what it calls at the sequence number in question. So every rank learns of the failure, and, waiting
 * a moment for the answers, can name who called what and who is missing: those who have not come to this call, and
 * those who give no answer at all. A rank that ran ahead before it noticed is asked about an earlier call than it had
 * answered for, and then answers again.
 */
public final class RollCall {
    /** Past calls a rank can still tell about; a peer that ran further ahead has failed otherwise by then. */
    private static final int HISTORY = 16;

    private static final long ANSWERS_NANOS = Duration.ofMillis(300).toNanos();
    private static final long POLL_NANOS = Duration.ofMillis(1).toNanos();
    /** What a rank does before its first call. */
    private static final CollectiveCall CONNECT = CollectiveCall.barrier("connect");

    private static final String NOT_THERE = "nothing yet";

    /**
     * A peer's answer.
     *
     * @param sequence number of its latest call
     * @param failureSequence the call the answer is about
     * @param call what the peer calls there
     */
    public record Answer(long sequence, long failureSequence, String call) {
        private static final Answer LOST = new Answer(-1, -1, "");
    }

    private final RankGroup group;
    private final int rank;
    private final Runnable onFailure;
    private final CollectiveCall[] calls = new CollectiveCall[HISTORY];
    private final AtomicReference<@Nullable TransportFailure> failure = new AtomicReference<>();
    private final AtomicReferenceArray<@Nullable Answer> answers;
    private final AtomicIntegerArray heard;
    /** Lowest number of a call that ranks are known to disagree on or to wait in. */
    private final AtomicLong disputed = new AtomicLong(Long.MAX_VALUE);

    /** Number of the latest call; publishes {@link #calls}. */
    private volatile long sequence;

    private volatile long startNanos = System.nanoTime();

    /** The call this rank is in, or was in last, and its number; for the rank's own thread. */
    private CollectiveCall current = CONNECT;

    private long currentNumber;

    /**
     * Starts with no calls.
     *
     * @param rank index of this rank in the group
     * @param onFailure run once, by whoever meets the first failure
     */
    public RollCall(RankGroup group, int rank, Runnable onFailure) {
        this.group = group;
        this.rank = rank;
        this.onFailure = onFailure;
        this.heard = new AtomicIntegerArray(group.numRanks());
        this.answers = new AtomicReferenceArray<>(group.numRanks());
        Arrays.fill(calls, CONNECT);
    }

    /** The ranks whose calls these are. */
    public RankGroup group() {
        return group;
    }

    /** This rank's index in the group. */
    public int rank() {
        return rank;
    }

    /** Notes this rank's next call and returns its number, from 1. */
    public long begin(CollectiveCall call) {
        long next = sequence + 1;
        calls[(int) (next % HISTORY)] = call;
        current = call;
        currentNumber = next;
        startNanos = System.nanoTime();
        sequence = next;
        return next;
    }

    /** Notes a call that only one other rank takes part in, by its number between the two. */
    public void beginPointToPoint(CollectiveCall call, long number) {
        current = call;
        currentNumber = number;
        startNanos = System.nanoTime();
    }

    /** The call this rank is in, or was in last; for the rank's own thread. */
    public CollectiveCall current() {
        return current;
    }

    /** The number of this rank's latest call, 0 before the first. */
    public long sequence() {
        return sequence;
    }

    /** When the latest call began, by {@link System#nanoTime}. */
    public long startNanos() {
        return startNanos;
    }

    /** The fingerprint of this rank's call of that number, or 0 if it is not at hand. */
    public long fingerprint(long number) {
        CollectiveCall call = call(number);
        return call == null ? 0 : FrameDescriptor.fingerprint(call);
    }

    /** What this rank calls under that number. */
    public String describe(long number) {
        CollectiveCall call = call(number);
        if (call != null) {
            return call.describe();
        }
        return number > sequence ? NOT_THERE : "something long ago";
    }

    private @Nullable CollectiveCall call(long number) {
        if (number < 1 || number > sequence) {
            return null;
        }
        CollectiveCall call = calls[(int) (number % HISTORY)];
        // The rank's thread may be filling the place for a later call.
        return sequence < number + HISTORY - 1 ? call : null;
    }

    /** The failure that finished the group, or null. */
    public @Nullable TransportFailure failure() {
        return failure.get();
    }

    /** The number of the call to answer for, once there is a failure. */
    public long question() {
        TransportFailure ended = failure.get();
        long lowest = disputed.get();
        return lowest == Long.MAX_VALUE && ended != null ? ended.sequence() : lowest;
    }

    /** Finishes the group unless it is finished; only the first failure counts. */
    public void fail(Reason reason, long failureSequence, String what, @Nullable Throwable cause) {
        if (isAboutCalls(reason)) {
            disputed.accumulateAndGet(failureSequence, Math::min);
        }
        if (failure.compareAndSet(null, new TransportFailure(reason, failureSequence, what, cause))) {
            onFailure.run();
        }
    }

    /** Whether a peer has said where it is, before its first call. */
    public boolean hasHeard(int peer) {
        return answers.get(peer) != null || heard.get(peer) != 0;
    }

    /** Notes where a peer says it is, and whether that fits what this rank did. */
    public void heard(int peer, long peerSequence, long peerFingerprint) {
        heard.set(peer, 1);
        long own = fingerprint(peerSequence);
        if (own != 0 && own != peerFingerprint) {
            fail(
                    Reason.MISMATCH,
                    peerSequence,
                    "Rank " + name(peer) + " calls something else than rank "
                            + name(rank).meshRank(),
                    null);
        }
    }

    /** Notes a peer's answer, which is news of a failure too. */
    public void answered(int peer, Answer answer, Reason reason, String what) {
        answers.set(peer, answer);
        fail(reason, answer.failureSequence(), what, null);
    }

    /** Notes that a peer will never answer again. */
    public void lost(int peer, String what, @Nullable Throwable cause) {
        answers.compareAndSet(peer, null, Answer.LOST);
        fail(Reason.PEER_LOST, sequence, what, cause);
    }

    /** Whether a peer has said how it ended. */
    public boolean hasAnswered(int peer) {
        return answers.get(peer) != null;
    }

    /** The mesh rank of a group rank, and where it runs. */
    public RankPlace name(int groupRank) {
        return group.places().get(groupRank);
    }

    /** The exception of this rank's latest call, after waiting a moment for the peers' answers. */
    public CollectiveException exception() {
        awaitAnswers();
        TransportFailure ended = failure.get();
        if (ended == null) {
            throw new IllegalStateException("group failed without a failure: axis=" + group.axis() + ". Report this.");
        }
        Reason reason = ended.reason();
        String what = ended.what();
        if (isAboutCalls(reason)) {
            String disagreement = disagreement(question());
            if (disagreement != null) {
                reason = Reason.MISMATCH;
                what = disagreement;
            }
        }
        return new CollectiveException(
                reason,
                what,
                current.op(),
                group.axis(),
                current.tag(),
                currentNumber,
                name(rank).meshRank(),
                missing(),
                Duration.ofNanos(System.nanoTime() - startNanos),
                ended.cause());
    }

    private static boolean isAboutCalls(Reason reason) {
        return reason == Reason.MISMATCH || reason == Reason.TIMEOUT;
    }

    private void awaitAnswers() {
        long waitStartNanos = System.nanoTime();
        while (!allAnswered() && System.nanoTime() - waitStartNanos < ANSWERS_NANOS) {
            LockSupport.parkNanos(POLL_NANOS);
            if (Thread.currentThread().isInterrupted()) {
                return;
            }
        }
    }

    private boolean allAnswered() {
        for (int peer = 0; peer < group.numRanks(); peer++) {
            Answer answer = answers.get(peer);
            if (peer != rank && (answer == null || answer.failureSequence() > question())) {
                return false;
            }
        }
        return true;
    }

    private List<RankPlace> missing() {
        List<RankPlace> missing = new ArrayList<>();
        for (int peer = 0; peer < group.numRanks(); peer++) {
            Answer answer = answers.get(peer);
            boolean awaited = !current.isPointToPoint() || peer == current.root();
            if (peer != rank && awaited && (answer == null || answer.sequence() < sequence)) {
                missing.add(name(peer));
            }
        }
        return missing;
    }

    private @Nullable String disagreement(long number) {
        Map<String, List<Integer>> callers = new LinkedHashMap<>();
        for (int peer = 0; peer < group.numRanks(); peer++) {
            Answer answer = answers.get(peer);
            String call = null;
            if (peer == rank) {
                call = describe(number);
            } else if (answer != null && answer.failureSequence() == number) {
                call = answer.call();
            }
            if (call != null && !call.equals(NOT_THERE)) {
                callers.computeIfAbsent(call, key -> new ArrayList<>())
                        .add(name(peer).meshRank());
            }
        }
        if (callers.size() < 2) {
            return null;
        }
        StringBuilder text = new StringBuilder("Ranks disagree on what comes next");
        String separator = ": ";
        for (Map.Entry<String, List<Integer>> entry : callers.entrySet()) {
            text.append(separator).append("ranks ").append(entry.getValue());
            text.append(" call ").append(entry.getKey());
            separator = ", ";
        }
        return text.toString();
    }
}
