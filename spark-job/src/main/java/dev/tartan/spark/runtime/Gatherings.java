package dev.tartan.spark.runtime;

import dev.tartan.spark.runtime.DriverEndpoint.Caller;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * On the driver: gives every task's text to every task, once all have sent theirs. Tasks of an attempt that has ended
 * are never answered; Spark interrupts them. Not thread-safe.
 */
final class Gatherings {
    private final IntSupplier numTasks;
    private final Map<Integer, Round> rounds = new HashMap<>();
    private int attempt;

    /**
     * Makes one.
     *
     * @param numTasks of the attempt that runs
     */
    Gatherings(IntSupplier numTasks) {
        this.numTasks = numTasks;
    }

    /**
     * Takes one task's text; the last one's makes that all are answered, if {@code whenComplete} agrees.
     *
     * @param whenComplete is given all texts in the order of tasks, and says whether the tasks may go on
     */
    void add(TaskMessage.Gather message, Caller caller, Predicate<List<String>> whenComplete) {
        if (message.attempt() < attempt) {
            return;
        }
        if (message.attempt() > attempt) {
            attempt = message.attempt();
            rounds.clear();
        }
        Round round = rounds.computeIfAbsent(message.round(), number -> new Round(numTasks.getAsInt()));
        if (round.add(message, caller)) {
            rounds.remove(message.round());
            List<String> texts = round.texts();
            if (whenComplete.test(texts)) {
                round.answer(texts);
            }
        }
    }

    private static final class Round {
        private final @Nullable String[] texts;
        private final @Nullable Caller[] callers;
        private int numPresent;

        Round(int numTasks) {
            texts = new @Nullable String[numTasks];
            callers = new @Nullable Caller[numTasks];
        }

        /** Returns whether all are there now. */
        boolean add(TaskMessage.Gather message, Caller caller) {
            if (texts[message.taskIndex()] == null) {
                numPresent++;
            }
            texts[message.taskIndex()] = message.text();
            callers[message.taskIndex()] = caller;
            return numPresent == texts.length;
        }

        @SuppressWarnings("NullAway") // None is null any more.
        List<String> texts() {
            return List.copyOf(Arrays.asList(texts));
        }

        @SuppressWarnings("NullAway")
        void answer(List<String> all) {
            for (Caller caller : callers) {
                caller.answer(all);
            }
        }
    }
}
