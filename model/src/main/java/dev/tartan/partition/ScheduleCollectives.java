package dev.tartan.partition;

import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Moves the collectives of parameters and gradients to where they can run beside computation, and joins small ones:
 * gradients are reduced in buckets, in the order in which the backward pass finishes them; parameters are gathered
 * block by block, each while the one before is used; updated parameters are gathered as soon as their update is done.
 * What only arranges the outcome of such a collective waits until somebody reads it.
 *
 * <p>Of gradients that are reduced in two stages, over one axis and then over another, the second stage of a bucket
 * starts once the first stage of the next one has, or when somebody reads it, so that nobody waits for the first.
 *
 * <p>Computes the same: only the order changes, and sums over ranks remain sums of the same addends.
 */
public final class ScheduleCollectives {
    private final Program program;
    private final CollectiveSchedule schedule;
    private final ProgramUses uses;
    private final Map<Integer, List<Bucket>> starting = new HashMap<>();
    /** By index of a member. */
    private final Map<Integer, Bucket> buckets = new HashMap<>();
    /** Instructions that arrange a member's operand and so move with it. */
    private final Set<Integer> moved = new HashSet<>();
    /** By value: instructions that are written when the value is needed, the last of which makes it. */
    private final Map<Integer, Instruction> onDemand = new LinkedHashMap<>();

    private final List<ProgramValue> values;
    private final List<Instruction> written = new ArrayList<>();
    private final Set<Integer> defined = new HashSet<>();
    private final List<Instruction> waiting = new ArrayList<>();
    private @Nullable Bucket lastUpdate;
    /** The bucket of which only the first of two stages is started. */
    private @Nullable Bucket halfReduced;

    private ScheduleCollectives(Program program, CollectiveSchedule schedule) {
        this.program = program;
        this.schedule = schedule;
        this.uses = new ProgramUses(program);
        this.values = new ArrayList<>(program.values());
    }

    /** The program with its collectives scheduled. */
    public static Program run(Program program, CollectiveSchedule schedule) {
        Program scheduled = new ScheduleCollectives(program, schedule).schedule();
        ProgramVerifier.verify(scheduled);
        return scheduled;
    }

    private Program schedule() {
        new PlanBuckets(program, uses, schedule).run().forEach(this::register);
        program.inputs().forEach(input -> defined.add(input.value()));
        for (int i = 0; i <= program.instructions().size(); i++) {
            for (Bucket bucket : starting.getOrDefault(i, List.of())) {
                start(bucket);
            }
            if (i < program.instructions().size() && !buckets.containsKey(i) && !moved.contains(i)) {
                Instruction instruction = program.instructions().get(i);
                if (uses.arranges(i) && isOutcome(instruction.operands().get(0))) {
                    onDemand.put(instruction.results().get(0), instruction);
                } else {
                    write(instruction);
                }
            }
        }
        startSecondStage();
        List.copyOf(onDemand.keySet()).forEach(this::demand);
        return new Program(
                program.name(), program.mesh(), values, written, program.inputs(), program.outputs(), program.notes());
    }

    private void register(Bucket bucket) {
        starting.computeIfAbsent(bucket.startsAt, key -> new ArrayList<>()).add(bucket);
        for (int member : bucket.members) {
            buckets.put(member, bucket);
            moved.addAll(uses.arrangementBefore(
                    program.instructions().get(member).operands().get(0)));
        }
        bucket.seconds.forEach(second -> buckets.put(second, bucket));
    }

    private boolean isOutcome(int value) {
        return onDemand.containsKey(value) || buckets.containsKey(uses.maker(value));
    }

    private void start(Bucket bucket) {
        for (int member : bucket.members) {
            uses.arrangementBefore(program.instructions().get(member).operands().get(0))
                    .forEach(index -> write(program.instructions().get(index)));
        }
        if (bucket.members.size() == 1) {
            write(program.instructions().get(bucket.members.get(0)));
        } else {
            startJoined(bucket);
        }
        if (bucket.role == CollectiveRole.GRADIENT) {
            startSecondStage();
            halfReduced = bucket.seconds.isEmpty() ? null : bucket;
        }
        if (bucket.role == CollectiveRole.UPDATE) {
            // Two at a time are under way, so that they take no more memory than two.
            if (lastUpdate != null) {
                finish(lastUpdate);
            }
            lastUpdate = bucket;
        }
    }

    private void startJoined(Bucket bucket) {
        Instruction first = program.instructions().get(bucket.members.get(0));
        Collective op = (Collective) first.op();
        List<String> unreduced = program.values().get(first.operands().get(0)).unreduced();
        List<Integer> flats = new ArrayList<>();
        for (int member : bucket.members) {
            Instruction instruction = program.instructions().get(member);
            int operand = instruction.operands().get(0);
            Shape flat = Bucket.flatOperand(op, program.typeOf(operand));
            if (program.typeOf(operand).shape().equals(flat)) {
                flats.add(operand);
            } else {
                flats.add(make(new dev.tartan.op.Reshape(flat), List.of(operand), instruction, unreduced));
            }
        }
        flats.forEach(this::isPartOfJoined);
        bucket.members.stream().map(program.instructions()::get).forEach(member -> {
            isPartOfJoined(member.operands().get(0));
            isPartOfJoined(member.results().get(0));
        });
        int joined = make(Bucket.join(op), flats, first, unreduced);
        List<String> left = program.values().get(first.results().get(0)).unreduced();
        bucket.outcome = make(op, List.of(joined), first, left);
        if (bucket.seconds.isEmpty()) {
            handOut(op, bucket.members, bucket.outcome);
        }
    }

    private void startSecondStage() {
        Bucket bucket = halfReduced;
        halfReduced = null;
        if (bucket == null) {
            return;
        }
        Instruction first = program.instructions().get(bucket.seconds.get(0));
        if (bucket.seconds.size() == 1) {
            write(first);
            return;
        }
        List<String> left = program.values().get(first.results().get(0)).unreduced();
        bucket.seconds.forEach(second ->
                isPartOfJoined(program.instructions().get(second).results().get(0)));
        int outcome = make(first.op(), List.of(bucket.outcome), first, left);
        handOut((Collective) first.op(), bucket.seconds, outcome);
    }

    /** Gives each of the collectives that {@code op} has done as one its part of the outcome. */
    private void handOut(Collective op, List<Integer> members, int outcome) {
        List<String> left = values.get(outcome).unreduced();
        long start = 0;
        for (int member : members) {
            Instruction instruction = program.instructions().get(member);
            int result = instruction.results().get(0);
            long numElements = flatElements(op, program.typeOf(result));
            var part = Bucket.part(op, start, numElements);
            start += numElements;
            TensorType partType =
                    part.resultTypes(List.of(values.get(outcome).type())).get(0);
            if (partType.equals(program.typeOf(result))) {
                onDemand.put(result, new Instruction(part, List.of(outcome), List.of(result), instruction.origin()));
            } else {
                int cut = value(partType, instruction, left);
                isPartOfJoined(cut);
                onDemand.put(cut, new Instruction(part, List.of(outcome), List.of(cut), instruction.origin()));
                onDemand.put(
                        result,
                        new Instruction(
                                Bucket.shaped(program.typeOf(result)),
                                List.of(cut),
                                List.of(result),
                                instruction.origin()));
            }
        }
        retryWaiting();
    }

    private void isPartOfJoined(int value) {
        values.set(value, values.get(value).asGradient(false));
    }

    private static long flatElements(Collective op, TensorType result) {
        long numElements = result.shape().numElements();
        return op instanceof AllGather ? numElements / op.numRanks() : numElements;
    }

    private void finish(Bucket bucket) {
        for (int member : bucket.members) {
            finish(program.instructions().get(member).results().get(0));
        }
    }

    private void finish(int value) {
        demand(value);
        for (int reader : uses.readers(value)) {
            if (uses.arranges(reader)) {
                finish(program.instructions().get(reader).results().get(0));
            }
        }
    }

    private int make(dev.tartan.graph.Op op, List<Integer> operands, Instruction like, List<String> unreduced) {
        List<TensorType> types =
                operands.stream().map(id -> values.get(id).type()).toList();
        int result = value(op.resultTypes(types).get(0), like, unreduced);
        write(new Instruction(
                op, operands, List.of(result), like.origin(), op instanceof Collective ? like.role() : null, false));
        return result;
    }

    private int value(TensorType type, Instruction like, List<String> unreduced) {
        ProgramValue value = new ProgramValue(values.size(), type, like.origin().toString(), unreduced);
        values.add(value.asGradient(like.carriesGradient()));
        return values.size() - 1;
    }

    /** Writes what is to be written for a value, if that has to wait for a collective no longer. */
    private void demand(int value) {
        if (halfReduced != null && halfReduced.seconds.stream().anyMatch(second -> makes(second, value))) {
            startSecondStage();
        }
        Instruction instruction = onDemand.get(value);
        if (instruction == null) {
            return;
        }
        instruction.operands().forEach(this::demand);
        // A second stage that an operand asked for may have had it written meanwhile.
        if (defined.containsAll(instruction.operands()) && onDemand.remove(value) != null) {
            append(instruction);
        }
    }

    private boolean makes(int index, int value) {
        return program.instructions().get(index).results().contains(value);
    }

    private void write(Instruction instruction) {
        instruction.operands().forEach(this::demand);
        if (defined.containsAll(instruction.operands())) {
            append(instruction);
            retryWaiting();
        } else {
            waiting.add(instruction);
        }
    }

    private void append(Instruction instruction) {
        written.add(instruction);
        defined.addAll(instruction.results());
    }

    /** Writes what waited for a collective that started later than its reader came. */
    private void retryWaiting() {
        boolean changed = !waiting.isEmpty();
        while (changed) {
            changed = false;
            for (Instruction instruction : List.copyOf(waiting)) {
                instruction.operands().forEach(this::demand);
                if (defined.containsAll(instruction.operands()) && waiting.remove(instruction)) {
                    append(instruction);
                    changed = true;
                }
            }
        }
    }
}
