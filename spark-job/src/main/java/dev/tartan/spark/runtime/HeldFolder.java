package dev.tartan.spark.runtime;

import dev.tartan.checkpoint.OutputException;
import dev.tartan.checkpoint.OutputLease;
import dev.tartan.checkpoint.sharded.CheckpointFolder;
import dev.tartan.checkpoint.sharded.ShardedCheckpoint;
import dev.tartan.train.RunCheckpoints;
import dev.tartan.train.TrainingPlan;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A run's output folder while the run lasts: nobody else's, and free of earlier results. */
public final class HeldFolder implements AutoCloseable {
    private final TrainingPlan plan;
    private final @Nullable OutputLease lease;
    private final @Nullable Path aside;

    private HeldFolder(TrainingPlan plan, @Nullable OutputLease lease, @Nullable Path aside) {
        this.plan = plan;
        this.lease = lease;
        this.aside = aside;
    }

    /** The output folder of a plan, if it has one, in nobody's hands. */
    static HeldFolder notHeld(TrainingPlan plan) {
        return new HeldFolder(plan, null, null);
    }

    /**
     * Takes the output folder of a plan and moves what an earlier run left there to its folder {@code earlier}, unless
     * the plan goes on from a checkpoint of that run. Does nothing for a plan without one.
     *
     * @throws IllegalArgumentException if another run holds the folder, naming that one, or if the folder of
     *     checkpoints is a place of its own and holds those of an earlier run
     * @throws OutputException if the folder cannot be written
     */
    public static HeldFolder of(TrainingPlan plan) {
        Path folder = plan.files().output();
        if (folder == null) {
            checkCheckpoints(plan);
            return notHeld(plan);
        }
        OutputLease lease = OutputLease.take(folder, plan.network() + " on " + plan.mesh());
        try {
            Path aside = goesOn(plan) ? null : OutputFolder.prepare(folder, LocalDateTime.now(ZoneId.systemDefault()));
            checkCheckpoints(plan);
            return new HeldFolder(aside == null ? plan : following(plan, folder, aside), lease, aside);
        } catch (RuntimeException e) {
            lease.close();
            throw e;
        }
    }

    /** Whether the plan's results are to follow upon those that are there. */
    private static boolean goesOn(TrainingPlan plan) {
        Path from = plan.files().resume();
        Path folder = plan.checkpoint().folder(plan.files().output());
        return from != null && folder != null && folder.equals(from.getParent());
    }

    private static void checkCheckpoints(TrainingPlan plan) {
        CheckpointFolder folder = RunCheckpoints.folder(plan);
        if (folder == null || goesOn(plan)) {
            return;
        }
        ShardedCheckpoint newest = folder.latest(false, problem -> {});
        if (newest != null) {
            throw new IllegalArgumentException("checkpoint.dir holds checkpoints of an earlier run: path="
                    + folder.path() + ", newestStep=" + newest.manifest().step()
                    + ". Go on with --resume latest (TrainingJob.resume), or choose another folder.");
        }
    }

    /** A plan that goes on from the earlier results finds them where they went. */
    private static TrainingPlan following(TrainingPlan plan, Path folder, Path aside) {
        Path initial = plan.files().initial();
        if (initial == null) {
            return plan;
        }
        if (initial.equals(folder)) {
            return plan.initialFrom(aside);
        }
        Path name = initial.getFileName();
        boolean moved = name != null && folder.equals(initial.getParent()) && Files.exists(aside.resolve(name));
        return moved ? plan.initialFrom(aside.resolve(name)) : plan;
    }

    /** The plan to run: it finds its first parameters where they are now. */
    public TrainingPlan plan() {
        return plan;
    }

    /** Where earlier results went, null if there were none. */
    public @Nullable Path aside() {
        return aside;
    }

    /** Writes the run's config into the folder, if there is one. */
    public void writeConfig(String hocon) {
        Path folder = plan.files().output();
        if (folder != null) {
            OutputFolder.writeConfig(folder, hocon);
        }
    }

    /** Tells, on a thread of its own, when another run has taken the folder. */
    void onLost(Consumer<OutputException> listener) {
        if (lease != null) {
            lease.onLost(listener);
        }
    }

    /**
     * Looks whether the folder is still this run's.
     *
     * @throws OutputException if another run has taken it
     */
    void check() {
        if (lease != null) {
            lease.check();
        }
    }

    /** Gives the folder back. */
    @Override
    public void close() {
        if (lease != null) {
            lease.close();
        }
    }
}
