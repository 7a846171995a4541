package dev.tartan.train.checkpoint;

import dev.tartan.backend.Buffer;
import dev.tartan.backend.Device;
import dev.tartan.checkpoint.TensorSlice;
import dev.tartan.checkpoint.sharded.BoxRuns;
import dev.tartan.checkpoint.sharded.ShardFile;
import dev.tartan.checkpoint.sharded.ShardFileWriter;
import dev.tartan.checkpoint.sharded.ShardTensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Writes a rank's file of a checkpoint, a piece at a time. Used by one thread. */
final class WriteShard implements AutoCloseable {
    private final CheckpointPlan plan;
    private final int rank;
    private final ShardMemory memory;

    WriteShard(CheckpointPlan plan, int rank, Device device) {
        this.plan = plan;
        this.rank = rank;
        this.memory = new ShardMemory(device);
    }

    /**
     * Writes the file of a step.
     *
     * @param shards where each tensor's shard is
     */
    ShardFile write(long step, Function<SavedTensor, Buffer> shards) throws IOException {
        Path folder = plan.path(step);
        Files.createDirectories(folder);
        Map<SavedTensor, TensorSlice> own = plan.owners().of(rank);
        List<ShardTensor> tensors = new ArrayList<>();
        own.forEach((tensor, box) -> tensors.add(tensor.shard(box)));
        Map<String, String> metadata = Map.of("tartan", "step " + step + ", rank " + rank);
        try (ShardFileWriter file = ShardFileWriter.create(folder, CheckpointPlan.file(rank), tensors, metadata)) {
            for (Map.Entry<SavedTensor, TensorSlice> tensor : own.entrySet()) {
                write(tensor.getKey(), tensor.getValue(), shards.apply(tensor.getKey()), file);
            }
            return file.finish();
        }
    }

    private void write(SavedTensor tensor, TensorSlice box, Buffer shard, ShardFileWriter file) throws IOException {
        BoxRuns runs =
                new BoxRuns(tensor.state().logicalShape(), box, tensor.state().shardShape(plan.mesh()));
        while (!runs.isDone()) {
            memory.read(shard, runs.localOffset(), runs.length(), file::write);
            runs.pass(runs.length());
        }
    }

    @Override
    public void close() {
        memory.close();
    }
}
