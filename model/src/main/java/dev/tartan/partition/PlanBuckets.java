package dev.tartan.partition;

import dev.tartan.graph.DType;
import dev.tartan.graph.ScopeBlock;
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

    PlanBuckets(Program program, ProgramUses uses, CollectiveSchedule schedule) {
        this.program = program;
        this.uses = uses;
        this.schedule = schedule;
    }

    /** All buckets, those of one alone included, in the order in which those of one role start. */
    List<Bucket> run() {
        Map<CollectiveRole, List<Integer>> byRole = new LinkedHashMap<>();
        for (int i = 0; i < program.instructions().size(); i++) {
            CollectiveRole role = role(program.instructions().get(i));
            if (role != CollectiveRole.OTHER) {
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

    /** What a collective is for. */
    CollectiveRole role(Instruction instruction) {
        if (!(instruction.op() instanceof Collective op)) {
            return CollectiveRole.OTHER;
        }
        if (instruction.carriesGradient() && (op instanceof AllReduce || op instanceof ReduceScatter)) {
            return CollectiveRole.REDUCES_GRADIENT;
        }
        int operand = instruction.operands().get(0);
        if (!(op instanceof AllGather) || !program.typeOf(operand).dtype().isFloating()) {
            return CollectiveRole.OTHER;
        }
        int root = operand;
        while (uses.maker(root) != ProgramUses.INPUT
                && (uses.arranges(uses.maker(root)) || uses.joins(uses.maker(root)))) {
            root = program.instructions().get(uses.maker(root)).operands().get(0);
        }
        if (uses.maker(root) == ProgramUses.INPUT) {
            return CollectiveRole.GATHERS_PARAMETER;
        }
        return uses.isArrangedToOutput(instruction.results().get(0))
                ? CollectiveRole.GATHERS_UPDATE
                : CollectiveRole.OTHER;
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
        if (role != CollectiveRole.GATHERS_PARAMETER) {
            ordered.sort(Comparator.comparing(this::ready).thenComparing(member -> member));
        }
        List<Bucket> joined = new ArrayList<>();
        Map<List<Object>, Bucket> open = new HashMap<>();
        Map<Bucket, Long> bytes = new HashMap<>();
        String block = "";
        for (int member : ordered) {
            if (role == CollectiveRole.GATHERS_PARAMETER && !block(member).equals(block)) {
                open.clear();
                block = block(member);
            }
            long size = bytes(member);
            Bucket bucket = size < schedule.bucketBytes() ? open.get(kind(member)) : null;
            if (bucket == null) {
                bucket = new Bucket(role);
                joined.add(bucket);
            }
            bucket.members.add(member);
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

    private String block(int member) {
        return ScopeBlock.of(program.instructions().get(member).scope());
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
        return List.of(
                instruction.op(), dtype, program.values().get(operand).unreduced(), instruction.carriesGradient());
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
                case GATHERS_PARAMETER -> i > 0 && bytes <= schedule.prefetchBytes() ? before : own;
                case REDUCES_GRADIENT -> schedule.reduceEarly() ? ready : afterAll;
                default -> ready;
            };
            before = own;
        }
    }
}
