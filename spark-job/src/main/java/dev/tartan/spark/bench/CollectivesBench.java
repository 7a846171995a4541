package dev.tartan.spark.bench;

import java.util.function.Consumer;

/** Measures collectives between ranks of this machine. */
public final class CollectivesBench {
    private CollectivesBench() {}

    /**
     * Measures; gives each line of JSON to {@code lines} as soon as it is known, one for each size and algorithm, and
     * one about the processes if they hold several ranks each.
     *
     * @throws IllegalArgumentException if the plan names an algorithm that does not exist
     * @throws BenchException if a result is wrong, a rank ends early, or the transport cannot be had
     */
    public static void run(CollectivesPlan plan, Consumer<String> lines) throws InterruptedException {
        if (plan.transport() == BenchTransport.LOCAL) {
            RankThreads.run(plan, lines);
        } else {
            RankProcesses.run(plan, lines);
        }
    }
}
