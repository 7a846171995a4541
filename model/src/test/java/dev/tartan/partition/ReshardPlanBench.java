package dev.tartan.partition;

import dev.tartan.graph.DType;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/** Times the planning of random reshards; run by hand, asserts nothing. */
final class ReshardPlanBench {
    private static final int PLANS = 2000;

    private ReshardPlanBench() {}

    public static void main(String[] arguments) {
        Random random = new Random(1);
        List<RandomReshard> all = new ArrayList<>();
        for (int i = 0; i < PLANS; i++) {
            all.add(RandomReshard.draw(random, DType.FLOAT32));
        }
        for (int round = 0; round < 5; round++) {
            long[] nanos = new long[PLANS];
            int i = 0;
            for (RandomReshard each : all) {
                long begin = cpuNanos();
                Reshard.plan(each.from(), each.to(), each.type());
                nanos[i++] = cpuNanos() - begin;
            }
            Arrays.sort(nanos);
            System.out.printf(
                    Locale.ROOT,
                    "{\"round\":%d,\"meanMicros\":%.1f,\"medianMicros\":%.1f,\"p95Micros\":%.1f,\"maxMicros\":%.1f}%n",
                    round,
                    Arrays.stream(nanos).average().orElse(0) / 1e3,
                    nanos[PLANS / 2] / 1e3,
                    nanos[PLANS * 95 / 100] / 1e3,
                    nanos[PLANS - 1] / 1e3);
        }
    }

    private static long cpuNanos() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }
}
