package dev.tartan.train.checkpoint;

import dev.tartan.backend.Buffer;
import dev.tartan.backend.Device;
import dev.tartan.checkpoint.InvalidCheckpointException;
import dev.tartan.checkpoint.SafetensorsType;
import dev.tartan.checkpoint.TensorSlice;
import dev.tartan.checkpoint.sharded.ShardReader;
import dev.tartan.checkpoint.sharded.ShardedCheckpoint;
import dev.tartan.checkpoint.sharded.StoredTensor;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.Shape;
import dev.tartan.train.graph.PlannedState;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;

/**
 * A checkpoint that goes with a run's states, which may be laid out otherwise than those it was written from.
 * Immutable; safe for use by many threads.
 */
public final class RestoredRun {
    private static final int SHOWN = 6;

    private final ShardedCheckpoint checkpoint;
    private final RunProgress progress;

    private RestoredRun(ShardedCheckpoint checkpoint, RunProgress progress) {
        this.checkpoint = checkpoint;
        this.progress = progress;
    }

    /**
     * Opens a checkpoint and checks that it has all of these states and no others. Numbers of the run's own may differ:
     * those that it lacks begin as in a new run.
     *
     * @throws InvalidCheckpointException if it is not whole, or naming what differs
     */
    public static RestoredRun open(Path folder, List<PlannedState> states) {
        ShardedCheckpoint checkpoint = ShardedCheckpoint.open(folder);
        RunProgress progress = ProgressJson.read(folder, checkpoint.manifest().progress());
        RestoredRun opened = new RestoredRun(checkpoint, progress);
        opened.check(states);
        return opened;
    }

    private void check(List<PlannedState> states) {
        List<String> problems = new ArrayList<>();
        Set<String> extra = new LinkedHashSet<>();
        checkpoint.manifest().tensors().stream()
                .filter(tensor -> !tensor.kind().equals("best") && !SavedTensor.isOfRun(tensor.kind()))
                .forEach(tensor -> extra.add(tensor.name()));
        for (PlannedState state : states) {
            StoredTensor stored = checkpoint.find(state.name());
            if (stored == null && state.isOfRun()) {
                continue;
            }
            if (stored == null) {
                problems.add("'" + state.name() + "' is missing");
                continue;
            }
            extra.remove(state.name());
            if (!stored.shape().equals(state.fileShape()) || stored.type() != SafetensorsType.F32) {
                problems.add("'" + state.name() + "' is another tensor: expected=F32 " + state.fileShape() + ", found="
                        + stored.type() + " " + stored.shape());
            }
        }
        extra.forEach(name -> problems.add("'" + name + "' is not in this run"));
        if (!problems.isEmpty()) {
            int more = problems.size() - SHOWN;
            throw new InvalidCheckpointException("checkpoint is of another network or optimizer: path="
                    + checkpoint.folder() + ", network="
                    + checkpoint.manifest().run().get("network") + ", optimizer="
                    + checkpoint.manifest().run().get("optimizer") + ", "
                    + String.join("; ", problems.subList(0, Math.min(SHOWN, problems.size())))
                    + (more > 0 ? "; " + more + " more" : "")
                    + ". Resume with what it was written by; init.from takes parameters alone.");
        }
    }

    /** Where it is. */
    public Path folder() {
        return checkpoint.folder();
    }

    /** How far the run had come. */
    public RunProgress progress() {
        return progress;
    }

    /** What was trained and how, as the checkpoint says. */
    public Map<String, Object> run() {
        return checkpoint.manifest().run();
    }

    /** Whether it has copies of the best parameters. */
    public boolean hasBest() {
        return checkpoint.manifest().tensors().stream()
                .anyMatch(tensor -> tensor.kind().equals("best"));
    }

    /**
     * Fills a rank's shards; each takes only the bytes that belong to it, and padding is 0.
     *
     * @param shards where the shard of each state is
     * @throws InvalidCheckpointException if a file is not as it was written
     */
    public void restore(
            Mesh mesh, int rank, Device device, List<PlannedState> states, Function<PlannedState, Buffer> shards) {
        fill(mesh, rank, device, states.stream().map(SavedTensor::of).toList(), saved -> shards.apply(saved.state()));
    }

    /** Fills a rank's copies of the best parameters, as {@link #restore} does with shards. */
    public void restoreBest(
            Mesh mesh, int rank, Device device, List<PlannedState> parameters, Function<PlannedState, Buffer> copies) {
        fill(
                mesh,
                rank,
                device,
                parameters.stream().map(SavedTensor::ofBest).toList(),
                saved -> copies.apply(saved.state()));
    }

    private void fill(
            Mesh mesh, int rank, Device device, List<SavedTensor> tensors, Function<SavedTensor, Buffer> shards) {
        try (ShardReader reader = checkpoint.reader();
                ShardMemory memory = new ShardMemory(device)) {
            for (SavedTensor tensor : tensors) {
                PlannedState state = tensor.state();
                Buffer shard = shards.apply(tensor);
                if (state.isOfRun() && checkpoint.find(tensor.name()) == null) {
                    shard.write(new float[] {(float) state.begin()});
                    continue;
                }
                TensorSlice box = state.box(mesh, rank);
                Shape array = state.shardShape(mesh);
                if (!box.shape().equals(array)) {
                    memory.clear(shard);
                }
                if (box.numElements() > 0) {
                    StoredTensor stored = Objects.requireNonNull(checkpoint.find(tensor.name()), tensor.name());
                    reader.read(
                            stored, state.logicalShape(), box, array, (at, bytes) -> memory.write(shard, at, bytes));
                }
            }
        }
    }
}
