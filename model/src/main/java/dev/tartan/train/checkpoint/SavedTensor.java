package dev.tartan.train.checkpoint;

import dev.tartan.checkpoint.SafetensorsType;
import dev.tartan.checkpoint.TensorSlice;
import dev.tartan.checkpoint.sharded.ShardTensor;
import dev.tartan.checkpoint.sharded.StoredBox;
import dev.tartan.checkpoint.sharded.StoredTensor;
import dev.tartan.graph.DType;
import dev.tartan.train.graph.PlannedState;
import dev.tartan.train.graph.StateBinding;
import java.util.Arrays;
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
    private static final String KIND_OF_BEST = "best";

    static SavedTensor of(PlannedState state) {
        return new SavedTensor(state.name(), state, false);
    }

    static SavedTensor ofBest(PlannedState parameter) {
        return new SavedTensor(BEST + parameter.name(), parameter, true);
    }

    /**
     * Whether a stored tensor is one of the network's own, not the optimizer's.
     *
     * @param kind as {@link #stored} says it
     * @param best whether copies of the best parameters are asked for
     */
    static boolean isOfNetwork(String kind, boolean best) {
        return best
                ? kind.equals(KIND_OF_BEST)
                : Arrays.stream(StateBinding.Kind.values())
                        .anyMatch(each -> each.isOfNetwork() && kind.equals(word(each)));
    }

    /** Whether a stored tensor is a number of the run's own. */
    static boolean isOfRun(String kind) {
        return kind.equals(word(StateBinding.Kind.RUN));
    }

    /** What a tensor is called in files of parameters alone. */
    static String fileName(String name, boolean isBest) {
        return isBest && name.startsWith(BEST) ? name.substring(BEST.length()) : name;
    }

    private static String word(StateBinding.Kind kind) {
        return kind.name().toLowerCase(Locale.ROOT);
    }

    ShardTensor shard(TensorSlice box) {
        return new ShardTensor(name, SafetensorsType.of(TYPE), state.logicalShape(), box);
    }

    /** What the manifest says of it. */
    StoredTensor stored(List<StoredBox> boxes) {
        return new StoredTensor(
                name,
                isBest ? KIND_OF_BEST : word(state.kind()),
                state.parameter(),
                SafetensorsType.of(TYPE),
                state.fileShape(),
                state.logicalShape(),
                state.spec().toString(),
                boxes);
    }
}
