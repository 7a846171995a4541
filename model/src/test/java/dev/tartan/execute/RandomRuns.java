package dev.tartan.execute;

import dev.tartan.backend.Backend;
import dev.tartan.backend.Buffer;
import dev.tartan.backend.Device;
import dev.tartan.collective.CollectiveException;
import dev.tartan.collective.MeshCommunicators;
import dev.tartan.partition.Program;
import dev.tartan.partition.RandomProgram;
import dev.tartan.plan.DeviceTraits;
import dev.tartan.plan.MemoryPlan;
import dev.tartan.plan.PlanMemory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;

/** Random programs, run on all ranks of a mesh, on values drawn from the rank. */
final class RandomRuns {
    private final ExecutorService threads;
    private final int runs;

    /** Each program runs so many times. */
    RandomRuns(ExecutorService threads, int runs) {
        this.threads = threads;
        this.runs = runs;
    }

    /** Something done to each rank's device before each of its runs. */
    interface Before {
        void run(Device device);
    }

    /** What every rank has in its outputs and states after each run. */
    List<List<float[]>> outcome(
            RandomProgram drawn,
            Program program,
            DeviceTraits traits,
            Backend backend,
            MeshCommunicators mesh,
            Before before)
            throws Exception {
        Map<String, String> replaced = drawn.replacedStates();
        MemoryPlan plan = PlanMemory.run(program, replaced, traits);
        List<Future<List<float[]>>> ranks = new ArrayList<>();
        for (int i = 0; i < mesh.numRanks(); i++) {
            int rank = i;
            ranks.add(threads.submit(() -> {
                Device device = backend.device(rank);
                device.attachThread();
                try {
                    return outcome(program, plan, replaced, rank, device, mesh, before);
                } catch (RuntimeException | Error e) {
                    mesh.abort(rank, e);
                    throw e;
                }
            }));
        }
        List<List<float[]>> outcomes = new ArrayList<>();
        ExecutionException failed = null;
        for (Future<List<float[]>> rank : ranks) {
            try {
                outcomes.add(rank.get());
            } catch (ExecutionException e) {
                boolean tellsMore = !(e.getCause() instanceof CollectiveException);
                failed = failed == null || tellsMore ? e : failed;
            }
        }
        if (failed != null) {
            throw failed;
        }
        return outcomes;
    }

    private List<float[]> outcome(
            Program program,
            MemoryPlan plan,
            Map<String, String> replaced,
            int rank,
            Device device,
            MeshCommunicators mesh,
            Before before) {
        List<float[]> seen = new ArrayList<>();
        try (RankExecutor executor = new RankExecutor(program, plan, rank, device, mesh)) {
            Random random = new Random(rank);
            program.inputs().forEach(input -> fill(executor.input(input.name()), random));
            for (int run = 0; run < runs; run++) {
                program.inputs().stream()
                        .filter(input -> !replaced.containsValue(input.name()))
                        .forEach(input -> fill(executor.input(input.name()), random));
                before.run(device);
                executor.run();
                program.outputs().stream()
                        .filter(output -> !replaced.containsKey(output.name()))
                        .forEach(output -> seen.add(values(executor.output(output.name()))));
                replaced.values().forEach(state -> seen.add(values(executor.input(state))));
            }
        }
        return seen;
    }

    static void fill(Buffer buffer, Random random) {
        float[] values = new float[Math.toIntExact(buffer.type().shape().numElements())];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        buffer.write(values);
    }

    static float[] values(Buffer buffer) {
        float[] values = new float[Math.toIntExact(buffer.type().shape().numElements())];
        buffer.read(values);
        return values;
    }
}
