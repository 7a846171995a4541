package dev.tartan.collective.algorithm;

import dev.tartan.collective.CallQueue;
import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.CollectiveException;
import dev.tartan.collective.CollectiveOp;
import dev.tartan.collective.CommunicationCounters;
import dev.tartan.collective.Communicator;
import dev.tartan.collective.NativeMemory;
import dev.tartan.collective.PendingCall;
import dev.tartan.collective.RankPlace;
import dev.tartan.collective.reduce.Combiner;
import dev.tartan.collective.transport.Link;
import dev.tartan.collective.transport.Transport;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;

/** A communicator whose ranks exchange messages; picks the cheapest algorithm for each call. */
public final class TransportCommunicator implements Communicator, AutoCloseable {
    private final Transport transport;
    private final GroupCosts costs;
    private final CollectiveAlgorithm[] algorithms;
    private final Workspace workspace;
    private final CommunicationCounters counters;
    private final CallQueue queue;
    private final AtomicBoolean inCall = new AtomicBoolean();

    /**
     * Communicates over a transport, and takes it over. All ranks of the group have to make theirs, since they may
     * measure together what messages cost.
     *
     * @param combiner the one the transport's links were made with
     * @throws IllegalArgumentException if the choice fixes an algorithm that does not exist
     */
    public TransportCommunicator(Transport transport, AlgorithmChoice choice, Combiner combiner) {
        this(transport, choice, combiner, Duration.ZERO);
    }

    /**
     * As {@link #TransportCommunicator(Transport, AlgorithmChoice, Combiner)}, and sends each message to another
     * process so much later. The delay is added to what messages were measured to cost.
     *
     * @param messageDelay for experiments; zero for none
     */
    public TransportCommunicator(
            Transport transport, AlgorithmChoice choice, Combiner combiner, Duration messageDelay) {
        CostModel given = choice.costs();
        CostModel across =
                given == null ? MeasureCosts.run(new Workspace(transport, choice.segmentBytes(), combiner)) : given;
        if (messageDelay.isZero()) {
            this.transport = transport;
        } else {
            this.transport = new DelayedTransport(transport, messageDelay);
            across = across.withLaterMessages(messageDelay);
        }
        this.workspace = new Workspace(this.transport, choice.segmentBytes(), combiner);
        this.costs = GroupCosts.of(transport.group().places(), across);
        List<CollectiveAlgorithm> all = choice.algorithms(workspace, costs);
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

    @Override
    public boolean crossesProcesses() {
        return transport.group().places().stream()
                        .mapToInt(RankPlace::process)
                        .distinct()
                        .count()
                > 1;
    }

    /** What carries the messages. */
    public Transport transport() {
        return transport;
    }

    /** The name of the algorithm that a call of so many payload bytes is run by. */
    public String algorithm(CollectiveOp op, long payloadBytes) {
        return cheapest(op, payloadBytes).name();
    }

    /** The expected time of that algorithm in microseconds. */
    public double expectedMicros(CollectiveOp op, long payloadBytes) {
        return cheapest(op, payloadBytes).micros(costs, payloadBytes);
    }

    /** The expected times in microseconds of all algorithms for an op, by name. */
    public Map<String, Double> expectedMicrosByAlgorithm(CollectiveOp op, long payloadBytes) {
        Map<String, Double> micros = new LinkedHashMap<>();
        for (CollectiveAlgorithm algorithm : algorithms) {
            if (algorithm.op() == op) {
                micros.put(algorithm.name(), algorithm.micros(costs, payloadBytes));
            }
        }
        return micros;
    }

    /** What messages cost, as it was given or measured. */
    public CostModel costs() {
        return costs.across();
    }

    private CollectiveAlgorithm cheapest(CollectiveOp op, long payloadBytes) {
        CollectiveAlgorithm best = algorithms[0];
        double bestMicros = Double.POSITIVE_INFINITY;
        for (CollectiveAlgorithm algorithm : algorithms) {
            if (algorithm.op() == op) {
                double micros = algorithm.micros(costs, payloadBytes);
                if (best.op() != op || micros < bestMicros) {
                    best = algorithm;
                    bestMicros = micros;
                }
            }
        }
        return best;
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
                cheapest(call.op(), call.payloadBytes()).run(call);
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
