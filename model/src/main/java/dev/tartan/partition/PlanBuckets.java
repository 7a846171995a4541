package dev.tartan.partition;

import dev.tartan.graph.DType;
import dev.tartan.graph.Origin;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Decides which collectives of a program are done as one, and where each bucket starts. */
final class PlanBuckets {
    private final Program program;
    private final ProgramUses uses;
    private final CollectiveSchedule schedule;
    /** The all-reduce that alone reads the result of a reduction, by that reduction. */
    private final Map<Integer, Integer> seconds = new HashMap<>();

    PlanBuckets(Program program, ProgramUses uses, CollectiveSchedule schedule) {
        this.program = program;
        this.uses = uses;
        this.schedule = schedule;
    }

    /** All buckets, those of one alone included, in the order in which those of one role start. */
    List<Bucket> run() {
        findSeconds();
        Map<CollectiveRole, List<Integer>> byRole = new LinkedHashMap<>();
        for (int i = 0; i < program.instructions().size(); i++) {
            CollectiveRole role = program.instructions().get(i).role();
            if (role != null && program.instructions().get(i).isMovable() && !seconds.containsValue(i)) {
                byRole.computeIfAbsent(role, key -> new ArrayList<>()).add(i);
            }
        }
        List<Bucket> all = new ArrayList<>();
        byRole.forEach((role, members) -> {
            List<Bucket> joined = join(role, members);
            place(role, joined);
            all.addAll(joined);
        });
        return all;
    }

    private void findSeconds() {
        for (int i = 0; i < program.instructions().size(); i++) {
            Instruction first = program.instructions().get(i);
            if (!(first.op() instanceof ReduceScatter) || !first.carriesGradient()) {
                continue;
            }
            int result = first.results().get(0);
            List<Integer> readers = uses.readers(result);
            if (readers.size() == 1 && !uses.isOutput(result)) {
                Instruction reader = program.instructions().get(readers.get(0));
                if (reader.op() instanceof AllReduce && reader.carriesGradient()) {
                    seconds.put(i, readers.get(0));
                }
            }
        }
    }

    /** The last instruction that has to have run before a member can start, apart from arranging. */
    private int ready(int member) {
        int value = program.instructions().get(member).operands().get(0);
        List<Integer> arrangement = uses.arrangementBefore(value);
        return uses.maker(
                arrangement.isEmpty()
                        ? value
                        : program.instructions()
                                .get(arrangement.get(0))
                                .operands()
                                .get(0));
    }

    private List<Bucket> join(CollectiveRole role, List<Integer> members) {
        List<Integer> ordered = new ArrayList<>(members);
        if (role != CollectiveRole.PARAMETER) {
            ordered.sort(Comparator.comparing(this::ready).thenComparing(member -> member));
        }
        List<Bucket> joined = new ArrayList<>();
        Map<List<Object>, Bucket> open = new HashMap<>();
        Map<Bucket, Long> bytes = new HashMap<>();
        Origin before = origin(ordered.get(0));
        for (int member : ordered) {
            if (role == CollectiveRole.PARAMETER && !areGatheredTogether(before, origin(member))) {
                open.clear();
                before = origin(member);
            }
            long size = bytes(member);
            Bucket bucket = size < schedule.bucketBytes() ? open.get(kind(member)) : null;
            if (bucket == null) {
                bucket = new Bucket(role);
                joined.add(bucket);
            }
            bucket.members.add(member);
            if (seconds.containsKey(member)) {
                bucket.seconds.add(seconds.get(member));
            }
            long total = bytes.merge(bucket, size, Long::sum);
            if (size < schedule.bucketBytes()) {
                if (total < schedule.bucketBytes()) {
                    open.put(kind(member), bucket);
                } else {
                    open.remove(kind(member));
                }
            }
        }
        return joined;
    }

    /**
     * Whether parameters may be in one bucket. Outside of blocks, those of the backward pass may join those of the
     * forward pass: so a head's are all there when activations are most, and the next block's are gathered after it.
     */
    private static boolean areGatheredTogether(Origin one, Origin other) {
        return one.block() == null ? other.block() == null : one.sharesBlockWith(other);
    }

    private Origin origin(int member) {
        return program.instructions().get(member).origin();
    }

    private long bytes(int member) {
        Instruction instruction = program.instructions().get(member);
        return Math.max(
                program.typeOf(instruction.operands().get(0)).bytes(),
                program.typeOf(instruction.results().get(0)).bytes());
    }

    private List<Object> kind(int member) {
        Instruction instruction = program.instructions().get(member);
        int operand = instruction.operands().get(0);
        DType dtype = program.typeOf(operand).dtype();
        Integer second = seconds.get(member);
        Object then =
                second == null ? List.of() : program.instructions().get(second).op();
        return List.of(instruction.op(), dtype, program.values().get(operand).unreduced(), then);
    }

    private void place(CollectiveRole role, List<Bucket> joined) {
        int afterAll = joined.stream()
                        .flatMap(b -> b.members.stream())
                        .mapToInt(this::ready)
                        .max()
                        .orElse(0)
                + 1;
        int before = 0;
        for (int i = 0; i < joined.size(); i++) {
            Bucket bucket = joined.get(i);
            int own = bucket.members.get(0);
            int ready = bucket.members.stream().mapToInt(this::ready).max().orElse(0) + 1;
            long bytes = bucket.members.stream().mapToLong(this::bytes).sum();
            bucket.startsAt = switch (role) {
                case PARAMETER -> i > 0 && bytes <= schedule.prefetchBytes() ? Math.max(before, ready) : own;
                case GRADIENT -> schedule.reduceEarly() ? ready : afterAll;
                default -> ready;
            };
            before = own;
        }
    }
}
