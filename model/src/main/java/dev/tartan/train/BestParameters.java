package dev.tartan.train;

import dev.tartan.backend.Arena;
import dev.tartan.backend.Buffer;
import dev.tartan.backend.Device;
import dev.tartan.execute.RankExecutor;
import dev.tartan.train.graph.PlannedState;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/** A copy of one rank's parameters in the memory of the host, for the rank's thread. */
final class BestParameters implements AutoCloseable {
    private final RankExecutor executor;
    private final Arena arena;
    private final Map<String, Buffer> copies = new LinkedHashMap<>();
    private boolean holds;

    BestParameters(TrainingPlan plan, RankExecutor executor, Device device) {
        this.executor = executor;
        this.arena = device.allocateHost(bytes(plan));
        long offset = 0;
        for (PlannedState state : plan.parameters()) {
            Buffer parameter = executor.input(state.name());
            copies.put(state.name(), arena.buffer(parameter.type(), offset));
            offset += Arena.aligned(parameter.type().bytes());
        }
    }

    /** The size of such a copy. */
    static long bytes(TrainingPlan plan) {
        return plan.parameters().stream()
                .mapToLong(state -> Arena.aligned(plan.step()
                        .program()
                        .typeOf(plan.step().program().input(state.name()).value())
                        .bytes()))
                .sum();
    }

    /** Keeps what the parameters are now. */
    void keep() {
        copies.forEach((name, copy) -> copy.copyFrom(executor.input(name)));
        holds = true;
    }

    /** Makes the parameters what they were when they were last kept; leaves them alone if they never were. */
    void restore() {
        if (holds) {
            copies.forEach((name, copy) -> executor.input(name).copyFrom(copy));
        }
    }

    /** The copy of a parameter. */
    Buffer copy(PlannedState parameter) {
        return Objects.requireNonNull(copies.get(parameter.name()), parameter.name());
    }

    /** Says that the copies were filled from a checkpoint. */
    void filled() {
        holds = true;
    }

    @Override
    public void close() {
        arena.close();
    }
}
