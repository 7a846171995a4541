package dev.tartan.collective.local;

import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.CollectiveException;
import dev.tartan.collective.CollectiveException.Reason;
import dev.tartan.collective.CollectiveOp;
import dev.tartan.collective.Communicator;
import dev.tartan.collective.GroupFailure;
import dev.tartan.collective.RankPlace;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;

/**
 * A group of threads of one process, one per rank, that communicate through one another's memory.
 *
 * <p>A call has two moments. When the last rank <i>arrives</i> it compares all calls and <i>opens</i> the work, cut
 * into blocks; ranks then claim blocks until none is left, and whoever completes the last block releases all. No rank's
 * share is fixed: with more ranks than cores, threads that happen to run do the work of those that have not woken yet,
 * and a small call is one block, done by the last to arrive, at the cost of a single barrier. A call's state is reused
 * by the next one only after every rank has arrived there, so after all have left this one.
 *
 * <p>Cost for P ranks and S bytes, all ranks together: all_reduce reads PS and writes PS, no intermediate buffer.
 */
public final class LocalGroup {
    private static final int PROCESSORS = Runtime.getRuntime().availableProcessors();
    /** About as long as parking and waking take; beyond that a spinning rank steals cycles from threads of calls. */
    private static final long SPIN_NANOS = 20_000;
    /** Without such threads, until a core that has nothing to do would go to sleep, from which it wakes slowly. */
    private static final long SPIN_ALONE_NANOS = 300_000;

    private static final long DRAIN_POLL_NANOS = 20_000;

    private final String axis;
    private final List<Integer> meshRanks;
    private final long timeoutNanos;
    private final long spinNanos;
    private final SharedFate fate;
    private final Seat[] seats;
    private final SharedWork work;
    private final Mailbox[] mailboxes;
    private final List<LocalCommunicator> communicators;

    private final AtomicInteger arrived = new AtomicInteger();
    private final AtomicLong nextBlock = new AtomicLong();
    private final AtomicLong completedBlocks = new AtomicLong();
    /** Ranks that may be touching peers' memory right now. */
    private final AtomicInteger working = new AtomicInteger();

    private volatile long openSequence;
    private volatile long doneSequence;

    LocalGroup(String axis, List<Integer> meshRanks, Duration timeout, SharedFate fate, boolean hasThreads) {
        if (meshRanks.isEmpty() || timeout.isNegative() || timeout.isZero()) {
            throw new IllegalArgumentException("group is not valid: numRanks=" + meshRanks.size() + ", timeoutMillis="
                    + timeout.toMillis() + ". Give at least one rank and a positive timeout.");
        }
        this.axis = axis;
        this.meshRanks = List.copyOf(meshRanks);
        this.timeoutNanos = timeout.toNanos();
        this.spinNanos = hasThreads ? SPIN_NANOS : SPIN_ALONE_NANOS;
        this.fate = fate;
        int numRanks = meshRanks.size();
        this.seats = new Seat[numRanks];
        for (int rank = 0; rank < numRanks; rank++) {
            seats[rank] = new Seat();
        }
        this.work = new SharedWork(numRanks);
        this.mailboxes = new Mailbox[numRanks * numRanks];
        for (int pair = 0; pair < mailboxes.length; pair++) {
            mailboxes[pair] = new Mailbox();
        }
        List<LocalCommunicator> ends = new ArrayList<>();
        for (int rank = 0; rank < numRanks; rank++) {
            ends.add(new LocalCommunicator(this, rank, hasThreads));
        }
        this.communicators = List.copyOf(ends);
    }

    /**
     * Makes a group of ranks 0 to {@code numRanks - 1} that stands alone.
     *
     * @param timeout the longest any rank waits within one call
     */
    public static LocalGroup create(int numRanks, Duration timeout) {
        return create("local", IntStream.range(0, numRanks).boxed().toList(), timeout, new SharedFate(), true);
    }

    static LocalGroup create(
            String axis, List<Integer> meshRanks, Duration timeout, SharedFate fate, boolean hasThreads) {
        LocalGroup group = new LocalGroup(axis, meshRanks, timeout, fate, hasThreads);
        fate.join(group);
        return group;
    }

    /** Number of ranks. */
    public int numRanks() {
        return seats.length;
    }

    /** The end of one rank, for use by one thread at a time. */
    public Communicator communicator(int rank) {
        return communicators.get(rank);
    }

    String axis() {
        return axis;
    }

    /** Ends the group and all groups that share its fate. */
    void abort(int rank, Throwable cause) {
        fate.end(new GroupFailure(Reason.ABORTED, "Rank " + meshRanks.get(rank) + " cannot go on: " + cause, cause));
    }

    /** Runs one rank's side of a call; returns when its output is complete. */
    void run(int rank, CollectiveCall call) {
        if (call.isPointToPoint()) {
            pointToPoint(rank, call);
            return;
        }
        Seat seat = seats[rank];
        long startNanos = System.nanoTime();
        long sequence = seat.sequence + 1;
        seat.call = call;
        seat.sequence = sequence;
        if (fate.failure() != null) {
            throw failed(rank, startNanos);
        }
        if (Thread.currentThread().isInterrupted()) {
            throw interrupted(rank, startNanos);
        }
        if (arrived.incrementAndGet() == seats.length) {
            open(rank, sequence, startNanos);
        }
        boolean helped = false;
        boolean spin = spinsUsefully();
        while (doneSequence < sequence) {
            if (!helped && openSequence == sequence) {
                help(seat, sequence);
                helped = true;
            } else if (fate.failure() != null) {
                throw failed(rank, startNanos);
            } else if (Thread.currentThread().isInterrupted()) {
                throw interrupted(rank, startNanos);
            } else {
                long waitedNanos = System.nanoTime() - startNanos;
                if (waitedNanos >= timeoutNanos) {
                    throw timedOut(rank, startNanos);
                }
                if (spin && waitedNanos < spinNanos) {
                    Thread.onSpinWait();
                } else {
                    park(seat, sequence, helped, timeoutNanos - waitedNanos);
                }
            }
        }
    }

    private void pointToPoint(int rank, CollectiveCall call) {
        boolean sends = call.op() == CollectiveOp.SEND;
        Mailbox mailbox = mailboxes[sends ? rank * seats.length + call.root() : call.root() * seats.length + rank];
        long startNanos = System.nanoTime();
        Mailbox.End end = sends
                ? mailbox.send(call, fate, startNanos + timeoutNanos)
                : mailbox.receive(call, fate, startNanos + timeoutNanos);
        if (end == Mailbox.End.DONE) {
            return;
        }
        int peer = meshRanks.get(call.root());
        switch (end) {
            case MISMATCH ->
                fate.end(new GroupFailure(
                        Reason.MISMATCH,
                        "Ranks disagree on what comes next: rank " + meshRanks.get(rank) + " calls " + call.describe()
                                + ", rank " + peer + " calls " + mailbox.describe(),
                        null));
            case LATE ->
                fate.end(new GroupFailure(
                        Reason.TIMEOUT,
                        "Rank " + meshRanks.get(rank) + " waited for rank " + peer + " beyond timeoutMillis="
                                + timeoutNanos / 1_000_000,
                        null));
            case INTERRUPTED ->
                fate.end(new GroupFailure(
                        Reason.INTERRUPTED, "The thread of rank " + meshRanks.get(rank) + " was interrupted", null));
            case DONE, ENDED -> {}
        }
        GroupFailure failure = fate.failure();
        if (failure == null) {
            throw new IllegalStateException("group failed without a failure: axis=" + axis + ". Report this.");
        }
        throw new CollectiveException(
                failure.reason(),
                failure.what(),
                call.op(),
                axis,
                call.tag(),
                mailbox.sequence(),
                meshRanks.get(rank),
                List.of(RankPlace.ofRank(peer)),
                Duration.ofNanos(System.nanoTime() - startNanos),
                failure.cause());
    }

    private boolean spinsUsefully() {
        return seats.length <= PROCESSORS;
    }

    private void open(int rank, long sequence, long startNanos) {
        arrived.set(0);
        CollectiveCall own = seats[rank].call;
        for (Seat seat : seats) {
            if (!own.matches(seat.call)) {
                fate.end(new GroupFailure(Reason.MISMATCH, disagreement(), null));
                throw failed(rank, startNanos);
            }
        }
        work.prepare(seats);
        long numBlocks = work.numBlocks();
        if (numBlocks == 0) {
            finish(sequence);
            return;
        }
        nextBlock.set(0);
        completedBlocks.set(0);
        openSequence = sequence;
        long helpers = Math.min(numBlocks, PROCESSORS) - 1;
        for (int i = 0; i < seats.length && helpers > 0; i++) {
            if (seats[i].wake()) {
                helpers--;
            }
        }
    }

    private void help(Seat seat, long sequence) {
        long numBlocks = work.numBlocks();
        long completed = 0;
        beginWork();
        try {
            // Checked after entering: whoever fails waits for those inside before its caller frees memory.
            while (fate.failure() == null) {
                long block = nextBlock.getAndIncrement();
                if (block >= numBlocks) {
                    break;
                }
                work.run(block, seat);
                completed++;
            }
        } finally {
            endWork();
        }
        if (completed > 0 && completedBlocks.addAndGet(completed) == numBlocks) {
            finish(sequence);
        }
    }

    /** A rank's thread may touch the memory of all ranks from here on. */
    void beginWork() {
        working.incrementAndGet();
    }

    void endWork() {
        working.decrementAndGet();
    }

    private void finish(long sequence) {
        doneSequence = sequence;
        for (Seat seat : seats) {
            seat.wake();
        }
    }

    void wakeAll() {
        for (Mailbox mailbox : mailboxes) {
            mailbox.wake();
        }
        for (Seat seat : seats) {
            seat.wake();
        }
    }

    private void park(Seat seat, long sequence, boolean helped, long nanos) {
        seat.announceParking();
        if (doneSequence < sequence && (helped || openSequence < sequence) && fate.failure() == null) {
            LockSupport.parkNanos(this, nanos);
        }
        seat.doneParking();
    }

    private CollectiveException timedOut(int rank, long startNanos) {
        fate.end(new GroupFailure(
                Reason.TIMEOUT,
                "Rank " + meshRanks.get(rank) + " waited for ranks " + missing(rank) + " beyond timeoutMillis="
                        + timeoutNanos / 1_000_000,
                null));
        return failed(rank, startNanos);
    }

    private CollectiveException interrupted(int rank, long startNanos) {
        fate.end(new GroupFailure(
                Reason.INTERRUPTED, "The thread of rank " + meshRanks.get(rank) + " was interrupted", null));
        return failed(rank, startNanos);
    }

    private CollectiveException failed(int rank, long startNanos) {
        GroupFailure failure = fate.failure();
        if (failure == null) {
            throw new IllegalStateException("group failed without a failure: axis=" + axis + ". Report this.");
        }
        Seat seat = seats[rank];
        List<Integer> missing = missing(rank);
        awaitNobodyWorking();
        return new CollectiveException(
                failure.reason(),
                failure.what(),
                seat.call.op(),
                axis,
                seat.call.tag(),
                seat.sequence,
                meshRanks.get(rank),
                missing.stream().map(RankPlace::ofRank).toList(),
                Duration.ofNanos(System.nanoTime() - startNanos),
                failure.cause());
    }

    /**
     * Peers inside a block may be reading this rank's memory, which the caller may free on failure. However long that
     * takes, as on a machine that is out of memory: a block is copying and adding alone, so it ends, and memory freed
     * under it would end the process.
     */
    private void awaitNobodyWorking() {
        while (working.get() > 0) {
            LockSupport.parkNanos(DRAIN_POLL_NANOS);
        }
    }

    private List<Integer> missing(int rank) {
        long sequence = seats[rank].sequence;
        List<Integer> missing = new ArrayList<>();
        for (int peer = 0; peer < seats.length; peer++) {
            if (seats[peer].sequence < sequence) {
                missing.add(meshRanks.get(peer));
            }
        }
        return missing;
    }

    private String disagreement() {
        Map<String, List<Integer>> callers = new LinkedHashMap<>();
        for (int rank = 0; rank < seats.length; rank++) {
            callers.computeIfAbsent(seats[rank].call.describe(), key -> new ArrayList<>())
                    .add(meshRanks.get(rank));
        }
        StringBuilder text = new StringBuilder("Ranks disagree on what comes next");
        String separator = ": ";
        for (Map.Entry<String, List<Integer>> entry : callers.entrySet()) {
            text.append(separator)
                    .append("ranks ")
                    .append(entry.getValue())
                    .append(" call ")
                    .append(entry.getKey());
            separator = ", ";
        }
        return text.toString();
    }
}
