package dev.tartan.train;

import dev.tartan.backend.Backend;
import dev.tartan.checkpoint.sharded.CheckpointFolder;
import dev.tartan.collective.MeshCommunicators;
import dev.tartan.execute.RankExecutor;
import dev.tartan.graph.DType;
import dev.tartan.mesh.Shape;
import dev.tartan.network.BatchField;
import dev.tartan.network.Network;
import dev.tartan.network.NetworkFactory;
import dev.tartan.train.checkpoint.CheckpointPlan;
import dev.tartan.train.checkpoint.CommitCheckpoints;
import dev.tartan.train.checkpoint.RankCheckpoints;
import dev.tartan.train.checkpoint.RestoredRun;
import dev.tartan.train.checkpoint.RunProgress;
import dev.tartan.train.data.HostBatch;
import dev.tartan.train.data.HostTensor;
import dev.tartan.train.metrics.CheckpointMetrics;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import org.jspecify.annotations.Nullable;

/**
 * Times writing and restoring a checkpoint of a plan's states, each beside a plain copy of the same files by the
 * kernel, synced to the disk alike, in turns. All ranks are threads of this process.
 */
public final class CheckpointBench {
    private static final String ATTEMPT = "bench";

    private final TrainingPlan plan;
    private final CheckpointFolder folder;
    private final Result result = new Result(0, list(), list(), list(), list(), list(), list(), list(), list());

    private volatile long bytes;
    private volatile @Nullable CheckpointMetrics last;

    private CheckpointBench(TrainingPlan plan, Path folder) {
        this.plan = plan;
        this.folder = new CheckpointFolder(folder);
    }

    /**
     * What was measured, one number for each round.
     *
     * @param bytes of a checkpoint
     * @param saveSeconds from the first byte to the commit, training waiting
     * @param copySeconds of a plain copy of the files, beside each save
     * @param restoreSeconds until all shards are filled
     * @param restoreCopySeconds of a plain copy of the files, beside each restore
     * @param stepSeconds of a training step of one sample for each rank, while nothing is written
     * @param stepMeanwhileSeconds of such a step right after a checkpoint was begun that is written meanwhile, with
     *     beginning it
     * @param stallMillis how long that step waits for the checkpoint
     * @param writeMillis how long writing takes
     */
    public record Result(
            long bytes,
            List<Double> saveSeconds,
            List<Double> copySeconds,
            List<Double> restoreSeconds,
            List<Double> restoreCopySeconds,
            List<Double> stepSeconds,
            List<Double> stepMeanwhileSeconds,
            List<Double> stallMillis,
            List<Double> writeMillis) {}

    private static List<Double> list() {
        return Collections.synchronizedList(new ArrayList<>());
    }

    /**
     * Measures, after one round that is not counted.
     *
     * @param folder where checkpoints and copies are made, and removed again
     */
    public static Result run(TrainingPlan plan, NetworkFactory factory, Backend backend, Path folder, int rounds)
            throws InterruptedException, IOException {
        CheckpointBench bench = new CheckpointBench(plan, folder);
        Network network = factory.create();
        try (MeshCommunicators communicators = CommunicationOptions.withinProcess(plan.mesh(), plan.collective());
                CommitCheckpoints commits =
                        new CommitCheckpoints(bench.folder, 1, step -> new byte[0], bench::committed)) {
            commits.begin(ATTEMPT, plan.shardOwners(), Map.of("network", "bench"));
            CyclicBarrier barrier = new CyclicBarrier(plan.mesh().numRanks());
            new MeshRun(backend, ProcessRanks.all(communicators)).run((rank, device) -> {
                try (RankExecutor executor = new RankExecutor(
                                plan.step().program(), plan.step().memory(), rank, device, communicators);
                        RankCheckpoints waiting = bench.checkpoints(rank, false, executor, commits);
                        RankCheckpoints meanwhile = bench.checkpoints(rank, true, executor, commits)) {
                    executor.beforeWrites(meanwhile.beforeWrites());
                    RankTrainer trainer = new RankTrainer(plan, rank, executor);
                    trainer.initialize(network, null);
                    for (int round = -1; round < rounds; round++) {
                        bench.round(rank, round, executor, trainer, waiting, meanwhile, barrier);
                    }
                }
            });
        }
        bench.folder.clear();
        return new Result(
                bench.bytes,
                bench.result.saveSeconds(),
                bench.result.copySeconds(),
                bench.result.restoreSeconds(),
                bench.result.restoreCopySeconds(),
                bench.result.stepSeconds(),
                bench.result.stepMeanwhileSeconds(),
                bench.result.stallMillis(),
                bench.result.writeMillis());
    }

    private synchronized void committed(CheckpointMetrics done) {
        if (done.checkpoint().failure() != null) {
            throw new IllegalStateException(
                    "checkpoint was not written: reason=" + done.checkpoint().failure());
        }
        bytes = done.checkpoint().bytes();
        last = done;
        notifyAll();
    }

    private synchronized CheckpointMetrics await(long step) throws InterruptedException {
        while (true) {
            CheckpointMetrics done = last;
            if (done != null && done.step() + 1 == step) {
                return done;
            }
            wait();
        }
    }

    private void round(
            int rank,
            int round,
            RankExecutor executor,
            RankTrainer trainer,
            RankCheckpoints waiting,
            RankCheckpoints meanwhile,
            CyclicBarrier barrier)
            throws InterruptedException, BrokenBarrierException, IOException {
        long step = 2L * (round + 2);
        long start = meet(barrier);
        save(waiting, step);
        await(step);
        note(rank, round, result.saveSeconds(), start);
        Path path = folder.of(step, "bench");
        start = meet(barrier);
        if (rank == 0) {
            copy(path);
            note(rank, round, result.copySeconds(), start);
        }
        start = meet(barrier);
        RestoredRun.open(path, plan.states())
                .restore(plan.mesh(), rank, executor.device(), plan.states(), state -> executor.input(state.name()));
        meet(barrier);
        note(rank, round, result.restoreSeconds(), start);
        start = meet(barrier);
        if (rank == 0) {
            copy(path);
            note(rank, round, result.restoreCopySeconds(), start);
        }
        start = meet(barrier);
        step(executor, trainer);
        note(rank, round, result.stepSeconds(), start);
        start = meet(barrier);
        meanwhile.save(progress(step + 1));
        step(executor, trainer);
        note(rank, round, result.stepMeanwhileSeconds(), start);
        meanwhile.await();
        CheckpointMetrics done = await(step + 1);
        if (rank == 0 && round >= 0) {
            result.stallMillis().add(done.checkpoint().stallMillis());
            result.writeMillis().add(done.checkpoint().writeMillis());
        }
    }

    private static long meet(CyclicBarrier barrier) throws InterruptedException, BrokenBarrierException {
        barrier.await();
        return System.nanoTime();
    }

    private static void note(int rank, int round, List<Double> into, long start) {
        if (rank == 0 && round >= 0) {
            into.add((System.nanoTime() - start) / 1e9);
        }
    }

    private RankCheckpoints checkpoints(int rank, boolean async, RankExecutor executor, CommitCheckpoints commits) {
        return RankCheckpoints.of(
                new CheckpointPlan(plan.mesh(), plan.shardOwners(), folder, ATTEMPT),
                rank,
                async,
                Duration.ofSeconds(plan.collective().timeoutSeconds()),
                executor.device(),
                RunCheckpoints.firstWrites(plan),
                state -> executor.input(state.name()),
                best -> executor.input(best.name()),
                commits);
    }

    private static void save(RankCheckpoints checkpoints, long step) throws InterruptedException {
        checkpoints.save(progress(step));
        checkpoints.await();
    }

    private static RunProgress progress(long step) {
        return new RunProgress(step, -1, 0, 0, 0, null);
    }

    /** On a batch of zeros. */
    private void step(RankExecutor executor, RankTrainer trainer) {
        Map<String, HostTensor> zeros = new LinkedHashMap<>();
        for (BatchField field : plan.fields()) {
            Shape shape = executor.input(field.name()).type().shape();
            int count = Math.toIntExact(shape.numElements());
            zeros.put(
                    field.name(),
                    field.dtype() == DType.INT32
                            ? HostTensor.ofInts(shape, new int[count])
                            : HostTensor.ofFloats(shape, new float[count]));
        }
        trainer.step(0, new HostBatch(zeros));
        trainer.loss();
    }

    /** As the kernel copies, one file after the other, each synced. */
    private static void copy(Path checkpoint) throws IOException {
        Path target = checkpoint.resolveSibling("copy");
        Files.createDirectories(target);
        try (DirectoryStream<Path> files = Files.newDirectoryStream(checkpoint)) {
            for (Path file : files) {
                try (FileChannel in = FileChannel.open(file, StandardOpenOption.READ);
                        FileChannel out = FileChannel.open(
                                target.resolve(file.getFileName()),
                                StandardOpenOption.WRITE,
                                StandardOpenOption.CREATE_NEW)) {
                    long size = in.size();
                    for (long done = 0; done < size; ) {
                        done += in.transferTo(done, size - done, out);
                    }
                    out.force(true);
                }
            }
        }
        CheckpointFolder.remove(target);
    }
}
