package dev.tartan.collective.algorithm;

import dev.tartan.collective.CallQueue;
import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.CollectiveException;
import dev.tartan.collective.CollectiveOp;
import dev.tartan.collective.CommunicationCounters;
import dev.tartan.collective.Communicator;
import dev.tartan.collective.NativeMemory;
import dev.tartan.collective.PendingCall;
import dev.tartan.collective.reduce.Combiner;
import dev.tartan.collective.transport.Carrier;
import dev.tartan.collective.transport.Link;
import dev.tartan.collective.transport.Transport;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;

/** A communicator whose ranks exchange messages; picks each call's algorithm by {@link AlgorithmTable}. */
public final class TransportCommunicator implements Communicator, AutoCloseable {
    private final Transport transport;
    private final Carrier carrier;
    private final AlgorithmTable table;
    private final Map<CollectiveOp, String> fixed;
    private final CollectiveAlgorithm[] algorithms;
    private final Workspace workspace;
    private final CommunicationCounters counters;
    private final CallQueue queue;
    private final AtomicBoolean inCall = new AtomicBoolean();

    /**
     * Communicates over a transport, and takes it over.
     *
     * @param carrier what was meant to carry messages between the first and the last rank, whether or not it does: all
     *     ranks have to know it, and two runs to agree on it
     * @param combiner the one the transport's links were made with
     * @throws IllegalArgumentException if the choice fixes an algorithm that does not exist
     */
    public TransportCommunicator(Transport transport, Carrier carrier, AlgorithmChoice choice, Combiner combiner) {
        this(transport, carrier, choice, combiner, Duration.ZERO);
    }

    /**
     * As {@link #TransportCommunicator(Transport, Carrier, AlgorithmChoice, Combiner)}, and sends each message to
     * another process so much later. The table counts it as a part of what a message takes.
     *
     * @param messageDelay for experiments; zero for none
     */
    public TransportCommunicator(
            Transport transport, Carrier carrier, AlgorithmChoice choice, Combiner combiner, Duration messageDelay) {
        this.carrier = carrier;
        this.transport = messageDelay.isZero() ? transport : new DelayedTransport(transport, messageDelay);
        this.workspace = new Workspace(this.transport, choice.segmentBytes(), combiner);
        GroupShape shape = GroupShape.of(transport.group().places(), carrier);
        this.table = new AlgorithmTable(shape, messageDelay);
        this.fixed = choice.fixed();
        List<CollectiveAlgorithm> all = choice.algorithms(workspace, shape);
        this.algorithms = all.toArray(new CollectiveAlgorithm[0]);
        this.counters = new CommunicationCounters(transport.axis());
        this.queue = new CallQueue(
                "tartan-collective-" + transport.axis() + "-"
                        + transport.group().places().get(transport.rank()).meshRank(),
                this::runNow,
                this::abort);
    }

    @Override
    public int rank() {
        return transport.rank();
    }

    @Override
    public int numRanks() {
        return transport.numRanks();
    }

    @Override
    public String axis() {
        return transport.axis();
    }

    /** What carries the messages. */
    public Transport transport() {
        return transport;
    }

    /** What messages between the first and the last rank were meant to go by. */
    public Carrier carrier() {
        return carrier;
    }

    /** The name of the algorithm that a call of so many payload bytes is run by. */
    public String algorithm(CollectiveOp op, long payloadBytes) {
        String only = fixed.get(op);
        return only != null ? only : table.pick(op, payloadBytes);
    }

    /** The names of the algorithms that the op may be run by. */
    public List<String> algorithms(CollectiveOp op) {
        return Arrays.stream(algorithms)
                .filter(algorithm -> algorithm.op() == op)
                .map(CollectiveAlgorithm::name)
                .toList();
    }

    private CollectiveAlgorithm pick(CollectiveOp op, long payloadBytes) {
        String name = algorithm(op, payloadBytes);
        for (CollectiveAlgorithm algorithm : algorithms) {
            if (algorithm.op() == op && algorithm.name().equals(name)) {
                return algorithm;
            }
        }
        throw new IllegalStateException(
                "algorithm is not among those of its op: op=" + op.label() + ", algorithm=" + name + ". Report this.");
    }

    @Override
    public PendingCall start(CollectiveCall call) {
        return queue.start(call);
    }

    @Override
    public void run(CollectiveCall call) {
        queue.awaitIdle();
        runNow(call);
    }

    private void runNow(CollectiveCall call) {
        long startNanos = System.nanoTime();
        try {
            call.check(rank(), numRanks());
        } catch (IllegalArgumentException e) {
            transport.abort(e);
            throw e;
        }
        if (!inCall.compareAndSet(false, true)) {
            throw new IllegalStateException("communicator is in use by another thread: axis=" + axis() + ", rank="
                    + rank() + ", call=" + call.describe() + ". Use one thread per rank.");
        }
        try {
            transport.begin(call);
            if (call.isPointToPoint()) {
                message(call);
            } else if (numRanks() == 1) {
                copyToOutput(call);
            } else if (call.payloadBytes() > 0 || call.op() == CollectiveOp.BARRIER) {
                pick(call.op(), call.payloadBytes()).run(call);
            }
            transport.end();
        } catch (CollectiveException e) {
            throw e;
        } catch (RuntimeException | Error e) {
            transport.abort(e);
            throw e;
        } finally {
            inCall.set(false);
        }
        counters.add(call.op(), call.payloadBytes(), System.nanoTime() - startNanos);
    }

    private void message(CollectiveCall call) {
        Link link = transport.link(call.root());
        if (call.op() == CollectiveOp.SEND) {
            link.send(call.input().address(), call.input().bytes());
            workspace.awaitSent(link, 1);
        } else {
            link.receive(call.output().address(), call.output().bytes());
            workspace.awaitReceived(link, 1);
        }
    }

    private static void copyToOutput(CollectiveCall call) {
        if (call.input().address() != call.output().address()) {
            NativeMemory.copy(
                    call.input().address(),
                    call.output().address(),
                    call.output().bytes());
        }
    }

    @Override
    public void abort(Throwable cause) {
        transport.abort(cause);
    }

    @Override
    public CommunicationCounters counters() {
        return counters;
    }

    /** Leaves the group; a call under way fails. Callable from any thread, more than once. */
    @Override
    public void close() {
        queue.close();
        transport.close();
    }
}
