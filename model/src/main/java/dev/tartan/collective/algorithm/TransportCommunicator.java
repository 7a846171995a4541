package dev.tartan.collective.algorithm;

import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.CollectiveException;
import dev.tartan.collective.CollectiveOp;
import dev.tartan.collective.CommunicationCounters;
import dev.tartan.collective.Communicator;
import dev.tartan.collective.NativeMemory;
import dev.tartan.collective.transport.Transport;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;

/** A communicator whose ranks exchange messages; picks the cheapest algorithm for each call. */
public final class TransportCommunicator implements Communicator {
    private final Transport transport;
    private final CostModel costs;
    private final CollectiveAlgorithm[] algorithms;
    private final CommunicationCounters counters;
    private final AtomicBoolean inCall = new AtomicBoolean();

    /**
     * Communicates over a transport, which stays its creator's to close.
     *
     * @throws IllegalArgumentException if the choice fixes an algorithm that does not exist
     */
    public TransportCommunicator(Transport transport, AlgorithmChoice choice) {
        this.transport = transport;
        this.costs = choice.costs();
        List<CollectiveAlgorithm> all = choice.algorithms(new Workspace(transport, choice.segmentBytes()));
        this.algorithms = all.toArray(new CollectiveAlgorithm[0]);
        this.counters = new CommunicationCounters(transport.axis());
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

    /** The name of the algorithm that a call of so many payload bytes is run by. */
    public String algorithm(CollectiveOp op, long payloadBytes) {
        return cheapest(op, payloadBytes).name();
    }

    /** The expected time of that algorithm in microseconds. */
    public double expectedMicros(CollectiveOp op, long payloadBytes) {
        return cheapest(op, payloadBytes).micros(costs, numRanks(), payloadBytes);
    }

    private CollectiveAlgorithm cheapest(CollectiveOp op, long payloadBytes) {
        CollectiveAlgorithm best = algorithms[0];
        double bestMicros = Double.POSITIVE_INFINITY;
        for (CollectiveAlgorithm algorithm : algorithms) {
            if (algorithm.op() == op) {
                double micros = algorithm.micros(costs, numRanks(), payloadBytes);
                if (best.op() != op || micros < bestMicros) {
                    best = algorithm;
                    bestMicros = micros;
                }
            }
        }
        return best;
    }

    @Override
    public void run(CollectiveCall call) {
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
            if (numRanks() == 1) {
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
        counters.add(call.op(), call.payloadBytes());
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
}
