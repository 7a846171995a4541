package dev.tartan.train.checkpoint;

import dev.tartan.checkpoint.SafetensorsType;
import dev.tartan.checkpoint.TensorSlice;
import dev.tartan.checkpoint.sharded.ShardTensor;
import dev.tartan.checkpoint.sharded.StoredBox;
import dev.tartan.checkpoint.sharded.StoredTensor;
import dev.tartan.graph.DType;
import dev.tartan.train.graph.PlannedState;
import java.util.List;
import java.util.Locale;

/**
 * A tensor of a run's checkpoints.
 *
 * @param name in the checkpoint
 * @param state the state it is, or is a copy of
 * @param isBest whether it is the copy of a parameter as it was at the best evaluation so far
 */
record SavedTensor(String name, PlannedState state, boolean isBest) {
    /** All of Tartan's states are float32. */
    static final DType TYPE = DType.FLOAT32;

    private static final String BEST = "best/";

    static SavedTensor of(PlannedState state) {
        return new SavedTensor(state.name(), state, false);
    }

    static SavedTensor ofBest(PlannedState parameter) {
        return new SavedTensor(BEST + parameter.name(), parameter, true);
    }

    ShardTensor shard(TensorSlice box) {
        return new ShardTensor(name, TYPE, state.logicalShape(), box);
    }

    /** What the manifest says of it. */
    StoredTensor stored(List<StoredBox> boxes) {
        return new StoredTensor(
                name,
                isBest ? "best" : state.kind().name().toLowerCase(Locale.ROOT),
                state.parameter(),
                SafetensorsType.of(TYPE),
                state.fileShape(),
                state.logicalShape(),
                state.spec().toString(),
                boxes);
    }
}
