package dev.tartan.collective.process;

import dev.tartan.collective.CollectiveException.Reason;
import dev.tartan.collective.CommunicationCounters;
import dev.tartan.collective.Communicator;
import dev.tartan.collective.GroupFailure;
import dev.tartan.collective.MeshAxes;
import dev.tartan.collective.MeshCommunicators;
import dev.tartan.collective.RankPlace;
import dev.tartan.collective.algorithm.TransportCommunicator;
import dev.tartan.collective.local.LocalMesh;
import dev.tartan.collective.reduce.Combiner;
import dev.tartan.collective.transport.Carrier;
import dev.tartan.collective.transport.RankGroup;
import dev.tartan.collective.transport.tcp.ProcessAddress;
import dev.tartan.collective.transport.tcp.TcpNode;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The communicators of a mesh that spans processes, as one of them sees it. Process p of N holds the consecutive ranks
 * {@code p * numRanks / N} and on; only their communicators may be asked for, each by its rank's own thread, and by all
 * ranks of a group, since asking forms the group. All groups, in all processes, end together.
 */
public final class ProcessMesh implements MeshCommunicators {
    private final TcpNode node;
    private final MeshAxes axes;
    private final ProcessMeshOptions options;
    private final int ranksPerProcess;
    private final LocalMesh local;
    private final LocalSeats seats = new LocalSeats();
    private final List<Map<List<String>, Communicator>> byRank = new ArrayList<>();
    private final List<TransportCommunicator> spanning = new ArrayList<>();
    private final Map<String, RankGroup> groups = new HashMap<>();
    private final List<String> notes = new ArrayList<>();

    /**
     * Takes over the node.
     *
     * @throws IllegalArgumentException if the ranks cannot be dealt out evenly
     */
    public ProcessMesh(TcpNode node, MeshAxes axes, ProcessMeshOptions options) {
        int numProcesses = node.processes().size();
        if (axes.numRanks() % numProcesses != 0) {
            throw new IllegalArgumentException("mesh cannot be dealt out to its processes: numRanks=" + axes.numRanks()
                    + ", numProcesses=" + numProcesses + ". Use a number of processes that divides it.");
        }
        this.node = node;
        this.axes = axes;
        this.options = options;
        this.ranksPerProcess = axes.numRanks() / numProcesses;
        this.local = LocalMesh.create(axes, node.options().callTimeout());
        for (int rank = 0; rank < ranksPerProcess; rank++) {
            byRank.add(new LinkedHashMap<>());
        }
        local.onEnd(failure -> node.end(failure.what(), failure.cause()));
        node.onEnd(failure -> local.end(new GroupFailure(failure.reason(), failure.what(), failure.cause())));
    }

    @Override
    public int numRanks() {
        return axes.numRanks();
    }

    /** Lowest rank of this process. */
    public int firstRank() {
        return node.processes().self() * ranksPerProcess;
    }

    @Override
    public Communicator communicator(int rank, List<String> along) {
        List<Integer> members = axes.members(rank, along);
        Map<List<String>, Communicator> own = ofRank(rank);
        // One thread asks for a rank's, so nobody waits at this lock while a group is formed.
        synchronized (own) {
            List<String> key = List.copyOf(along);
            Communicator found = own.get(key);
            if (found == null) {
                found = form(rank, key, members);
                own.put(key, found);
            }
            return found;
        }
    }

    private Map<List<String>, Communicator> ofRank(int rank) {
        if (processOf(rank) != node.processes().self()) {
            throw new IllegalArgumentException(
                    "rank is in another process: rank=" + rank + ", process=" + processOf(rank) + ", thisProcess="
                            + node.processes().self() + ". Ask for communicators of this process's ranks.");
        }
        return byRank.get(rank - firstRank());
    }

    private int processOf(int rank) {
        return rank / ranksPerProcess;
    }

    private Communicator form(int rank, List<String> along, List<Integer> members) {
        boolean isHere = members.stream()
                .allMatch(member -> processOf(member) == node.processes().self());
        if (isHere && (options.shareWork() || members.size() == 1)) {
            return local.communicator(rank, along);
        }
        RankGroup group = group(along, members);
        Combiner combiner = new Combiner();
        FormTransport form =
                new FormTransport(node, seats, options, group, members.indexOf(rank), combiner, this::note);
        TransportCommunicator communicator = new TransportCommunicator(
                form.run(), carrier(members), options.choice(), combiner, options.messageDelay());
        synchronized (spanning) {
            spanning.add(communicator);
        }
        return communicator;
    }

    /** Once for all of its ranks in this process: their places take memory. */
    private RankGroup group(List<String> along, List<Integer> members) {
        String axis = String.join(",", along);
        synchronized (groups) {
            return groups.computeIfAbsent(
                    axis + members,
                    key -> new RankGroup(axis, members.stream().map(this::place).toList()));
        }
    }

    private void note(String text) {
        synchronized (notes) {
            notes.add(text);
        }
    }

    /** By what the first and the last member should reach each other; that memory could not be shared, few know. */
    private Carrier carrier(List<Integer> members) {
        int first = processOf(members.get(0));
        int last = processOf(members.get(members.size() - 1));
        if (first == last) {
            return Carrier.LOCAL;
        }
        boolean mayShare = options.sharing() != ProcessMeshOptions.Sharing.OFF
                && !node.options().encrypt()
                && node.processes().shareMachine(first, last);
        return mayShare ? Carrier.SHM : Carrier.TCP;
    }

    private RankPlace place(int rank) {
        int process = processOf(rank);
        if (node.processes().size() == 1) {
            return RankPlace.ofRank(rank);
        }
        ProcessAddress address = node.processes().processes().get(process);
        return new RankPlace(rank, process, address.executor(), address.host());
    }

    @Override
    public void abort(int rank, Throwable cause) {
        String what = "Rank " + place(rank) + " cannot go on: " + cause;
        local.end(new GroupFailure(Reason.ABORTED, what, cause));
        node.end(what, cause);
    }

    @Override
    public List<CommunicationCounters.Total> totals(int rank) {
        List<CommunicationCounters.Total> totals = new ArrayList<>();
        Map<List<String>, Communicator> own = ofRank(rank);
        synchronized (own) {
            own.values().forEach(end -> totals.addAll(end.counters().totals()));
        }
        return List.copyOf(totals);
    }

    @Override
    public long callNanos(int rank) {
        Map<List<String>, Communicator> own = ofRank(rank);
        synchronized (own) {
            return own.values().stream()
                    .mapToLong(end -> end.counters().nanos())
                    .sum();
        }
    }

    /** How ranks of this process reach others, such as {@code [local, shm, tcp]}, as far as they have by now. */
    public List<String> linkKinds() {
        return List.copyOf(numLinks().keySet());
    }

    /** How many links ranks of this process have by now, by kind; one within the process counts for both its ranks. */
    public SortedMap<String, Integer> numLinks() {
        SortedMap<String, Integer> all = new TreeMap<>();
        synchronized (spanning) {
            for (TransportCommunicator communicator : spanning) {
                communicator.transport().linkKinds().forEach((kind, number) -> all.merge(kind, number, Integer::sum));
            }
        }
        return all;
    }

    /** What the user should know about it, such as memory that could not be shared. */
    public List<String> notes() {
        synchronized (notes) {
            return List.copyOf(notes);
        }
    }

    /** Leaves all groups and the mesh. Ranks that are still in a call fail, here and elsewhere. */
    @Override
    public void close() {
        synchronized (spanning) {
            spanning.forEach(TransportCommunicator::close);
        }
        node.close();
    }
}
