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
    private final @Nullable OutputLease checkpoints;
    private final @Nullable Path aside;

    private HeldFolder(
            TrainingPlan plan, @Nullable OutputLease lease, @Nullable OutputLease checkpoints, @Nullable Path aside) {
        this.plan = plan;
        this.lease = lease;
        this.checkpoints = checkpoints;
        this.aside = aside;
    }

    /** The output folder of a plan, if it has one, in nobody's hands. */
    static HeldFolder notHeld(TrainingPlan plan) {
        return new HeldFolder(plan, null, null, null);
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
        OutputLease checkpoints = leaseOfCheckpoints(plan);
        if (folder == null) {
            return new HeldFolder(plan, null, checkpoints, null);
        }
        OutputLease lease = null;
        try {
            lease = OutputLease.take(folder, owner(plan));
            Path aside = goesOn(plan) ? null : OutputFolder.prepare(folder, LocalDateTime.now(ZoneId.systemDefault()));
            return new HeldFolder(aside == null ? plan : following(plan, folder, aside), lease, checkpoints, aside);
        } catch (RuntimeException e) {
            close(lease);
            close(checkpoints);
            throw e;
        }
    }

    private static String owner(TrainingPlan plan) {
        return plan.network() + " on " + plan.mesh();
    }

    /** Takes the folder of checkpoints if it is a place of its own. */
    private static @Nullable OutputLease leaseOfCheckpoints(TrainingPlan plan) {
        if (!plan.checkpoint().isOn() || plan.checkpoint().dir() == null) {
            return null;
        }
        OutputLease lease = OutputLease.take(plan.checkpoint().dir(), owner(plan));
        try {
            checkCheckpoints(plan);
            return lease;
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
        close(lease);
        close(checkpoints);
    }

    private static void close(@Nullable OutputLease lease) {
        if (lease != null) {
            lease.close();
        }
    }
}
