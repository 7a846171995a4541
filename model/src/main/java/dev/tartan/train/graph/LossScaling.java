package dev.tartan.train.graph;

import dev.tartan.graph.GraphBuilder;
import dev.tartan.graph.TensorType;
import dev.tartan.graph.Value;
import dev.tartan.mesh.Shape;
import dev.tartan.op.Tensor;
import dev.tartan.train.config.LossScale;
import dev.tartan.train.config.PrecisionPolicy;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A {@link LossScale} in a traced step: the backward pass begins with the scale, and gradients are divided by it once
 * they are added up over ranks, in the type of the masters. A scale that changes is a state, as is the number of good
 * steps since it did. Both are on every rank, and all ranks change them alike.
 */
final class LossScaling {
    /** The state with the scale, and the name under which a step reports the one that it had. */
    static final String SCALE = "lossScale";

    static final String GOOD_STEPS = "lossScale.goodSteps";

    private record States(Tensor scale, Tensor goodSteps) {}

    private final LossScale how;
    private final @Nullable States states;
    private final Set<Value> seeds = new LinkedHashSet<>();

    LossScaling(GraphBuilder graph, PrecisionPolicy precision) {
        how = precision.lossScale();
        TensorType type = new TensorType(precision.master(), Shape.shape());
        states = how.isDynamic()
                ? new States(Tensor.input(graph, SCALE, type), Tensor.input(graph, GOOD_STEPS, type))
                : null;
    }

    boolean isDynamic() {
        return states != null;
    }

    List<StateBinding> bindings() {
        return states == null
                ? List.of()
                : List.of(
                        StateBinding.ofRun(SCALE, states.scale.value(), how.start()),
                        StateBinding.ofRun(GOOD_STEPS, states.goodSteps.value(), 0));
    }

    /** What the backward pass of {@code loss} begins with. */
    Tensor seed(Tensor loss) {
        if (states != null) {
            return states.scale;
        }
        Tensor seed = loss.scalar(how.start());
        if (!how.isNone()) {
            seeds.add(seed.value());
        }
        return seed;
    }

    /** The seeds that are constants. They are not to take the type of what they meet, which may not hold them. */
    Set<Value> seeds() {
        return seeds;
    }

    /**
     * What gradients are to be multiplied by.
     *
     * @param scale what they would be multiplied by without a scale of the loss; null if by nothing
     * @param loss a scalar of the type of the masters
     */
    @Nullable
    Tensor unscaling(@Nullable Tensor scale, Tensor loss) {
        if (how.isNone()) {
            return scale;
        }
        Tensor inverse = states == null ? loss.scalar(1 / how.start()) : states.scale.reciprocal();
        return scale == null ? inverse : inverse.mul(scale);
    }

    /** Puts the scale that the step had among what it reports. */
    void report(Map<String, Value> outputs) {
        if (states != null) {
            // Not the state itself, which is the next step's by the time that this is read.
            outputs.put(TrainStepGraph.reportLabel(SCALE), states.scale.mul(1.0).value());
        }
    }

    /** Makes the states of the next step. */
    void update(SkippedUpdates skipped, Map<String, Value> outputs) {
        if (states == null) {
            return;
        }
        Tensor scale = states.scale;
        Tensor count = states.goodSteps.add(1.0);
        Tensor grows = count.greaterEqual(how.growthSteps());
        Tensor ifGood = Tensor.select(grows, scale.mul(2.0).min(LossScale.MAX), scale);
        Tensor none = count.scalar(0);
        outputs.put(
                TrainStepGraph.newLabel(SCALE),
                skipped.guard(ifGood, scale.mul(0.5).max(1.0)).value());
        outputs.put(
                TrainStepGraph.newLabel(GOOD_STEPS),
                skipped.guard(Tensor.select(grows, none, count), none).value());
    }
}
