package dev.tartan.partition;

import dev.tartan.mesh.Mesh;
import dev.tartan.network.Gpt;
import dev.tartan.network.GptConfig;
import java.lang.management.ManagementFactory;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * Prints how long a GPT's training step takes to compile, trace to program, first in a cold virtual machine; run by
 * hand, asserts nothing. Argument: batch,context,hidden,heads,layers,vocabulary, default 8,256,512,8,6,8192.
 */
final class CompileTimeBench {
    private CompileTimeBench() {}

    public static void main(String[] arguments) {
        int[] sizes = Stream.of((arguments.length == 0 ? "8,256,512,8,6,8192" : arguments[0]).split(",", -1))
                .mapToInt(Integer::parseInt)
                .toArray();
        Mesh mesh = TestMeshes.dataModel(2, 2);
        for (int i = 0; i < 6; i++) {
            long start = System.nanoTime();
            long cpuStart = cpuNanos();
            CompiledStep compiled = CompiledStep.of(
                    new Gpt(GptConfig.of(sizes[5], sizes[1], sizes[2], sizes[4], sizes[3])), mesh, sizes[0]);
            System.out.printf(
                    Locale.ROOT,
                    "{\"run\":\"%s\",\"nodes\":%d,\"instructions\":%d,\"wallMillis\":%.0f,\"threadCpuMillis\":%.0f}%n",
                    i == 0 ? "cold" : "warm",
                    compiled.step().graph().nodes().size(),
                    compiled.program().instructions().size(),
                    (System.nanoTime() - start) / 1e6,
                    (cpuNanos() - cpuStart) / 1e6);
        }
    }

    private static long cpuNanos() {
        return ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
    }
}
