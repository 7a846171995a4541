package dev.tartan.partition;

import dev.tartan.graph.DType;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.NamedSharding;
import dev.tartan.mesh.PartitionSpec;
import dev.tartan.mesh.Shape;
import dev.tartan.mesh.ShardRange;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * Brings a tensor from one layout to another: within a mesh by the steps that send the fewest bytes, or from a mesh to
 * another one by boxes.
 */
public final class Reshard {
    private Reshard() {}

    /** As {@link #plan(NamedSharding, NamedSharding, TensorType)}, for float32. */
    public static ReshardPlan plan(NamedSharding from, NamedSharding to, Shape shape) {
        return plan(from, to, new TensorType(DType.FLOAT32, shape));
    }

    /**
     * The steps from {@code from} to {@code to} in which each rank sends the fewest bytes; of those, the fewest steps,
     * unless it has no elements. Dims that a layout does not divide are padded with zeros at their end, as
     * {@link ShardRange#paddedShape} says. On a mesh of four axes or more there may be a cheaper way than is found.
     *
     * @param type of the whole tensor, without padding
     * @throws IllegalArgumentException if the meshes differ, a layout does not fit the tensor, or the target is
     *     unreduced over an axis over which the source is not
     */
    public static ReshardPlan plan(NamedSharding from, NamedSharding to, TensorType type) {
        check(from, to);
        NamedSharding source = plain(from, type);
        NamedSharding target = plain(to, type);
        List<ReshardStep> known = direct(source, target, type);
        ReshardPlan plan = ReshardPlan.of(from, to, type, known);
        if (isLeast(plan) || type.shape().numElements() == 0) {
            return plan;
        }
        List<ReshardStep> cheaper = new SearchReshard(source, target, type).cheaperThan(plan);
        return cheaper.isEmpty() ? plan : ReshardPlan.of(from, to, type, cheaper);
    }

    /** What {@link #plan(NamedSharding, NamedSharding, Shape)} finds, one step a line. */
    public static String explain(NamedSharding from, NamedSharding to, Shape shape) {
        return plan(from, to, shape).toString();
    }

    /**
     * As {@link #between(NamedSharding, NamedSharding, TensorType, MeshTransfer.Holder)}, for float32 from the nearest.
     */
    public static MeshTransfer between(NamedSharding from, NamedSharding to, Shape shape) {
        return between(from, to, new TensorType(DType.FLOAT32, shape), MeshTransfer.Holder.NEAREST);
    }

    /**
     * Which boxes each rank of one mesh takes from which rank of another, so that the tensor is laid out by {@code to}.
     * A rank number that both meshes have is the same place in both.
     *
     * @param type of the whole tensor, without padding
     * @param holder whom to take a box from that several ranks hold
     * @throws IllegalArgumentException if either is unreduced, or a layout does not fit the tensor
     */
    public static MeshTransfer between(
            NamedSharding from, NamedSharding to, TensorType type, MeshTransfer.Holder holder) {
        return PlanTransfer.run(from, to, type, holder);
    }

    /** The steps of {@link PlanReshard}; with padding, those dims that change are gathered and sliced anew. */
    static ReshardPlan direct(ReshardPlan plan) {
        TensorType type = plan.type();
        return ReshardPlan.of(
                plan.from(), plan.to(), type, direct(plain(plan.from(), type), plain(plan.to(), type), type));
    }

    private static List<ReshardStep> direct(NamedSharding from, NamedSharding to, TensorType type) {
        Shape shape = type.shape();
        Shape before = ShardRange.paddedShape(from, shape);
        Shape after = ShardRange.paddedShape(to, shape);
        if (before.equals(shape) && after.equals(shape)) {
            return PlanReshard.steps(from, to, shape.numDims());
        }
        List<ReshardStep> steps = new ArrayList<>();
        List<ReshardStep> slices = new ArrayList<>();
        List<String> pending = without(from.unreduced(), to.unreduced());
        if (!pending.isEmpty()) {
            steps.add(new ReshardStep.Reduce(pending));
        }
        for (int dim = 0; dim < shape.numDims(); dim++) {
            List<String> now = from.spec().axesOf(dim);
            List<String> want = to.spec().axesOf(dim);
            if (now.equals(want)) {
                continue;
            }
            if (!now.isEmpty()) {
                steps.add(new ReshardStep.Gather(dim, now));
            }
            if (before.dim(dim) != shape.dim(dim)) {
                steps.add(new ReshardStep.Trim(dim, shape.dim(dim)));
            }
            if (after.dim(dim) != shape.dim(dim)) {
                slices.add(new ReshardStep.Pad(dim, after.dim(dim)));
            }
            if (!want.isEmpty()) {
                slices.add(new ReshardStep.Keep(dim, want));
            }
        }
        steps.addAll(slices);
        return steps;
    }

    /** Whether no steps send less: none are needed, or a rank gets by one step just what it lacks. */
    private static boolean isLeast(ReshardPlan plan) {
        List<ReshardPlan.Step> steps = plan.steps();
        if (steps.size() != 1) {
            return steps.isEmpty();
        }
        ReshardStep move = steps.get(0).move();
        return move instanceof ReshardStep.Gather
                || move instanceof ReshardStep.Move
                || move instanceof ReshardStep.Keep;
    }

    /** Axes of one rank split nothing; a pending sum over one is kept in mind, for it is to be taken. */
    private static NamedSharding plain(NamedSharding sharding, TensorType type) {
        PartitionSpec spec = sharding.spec().extendedTo(type.numDims());
        List<String> trivial = spec.usedAxes().stream()
                .filter(axis -> sharding.mesh().axisSize(axis) == 1)
                .toList();
        return new NamedSharding(sharding.mesh(), spec.without(trivial), sharding.unreduced());
    }

    private static List<String> without(List<String> axes, Collection<String> excluded) {
        return axes.stream().filter(axis -> !excluded.contains(axis)).toList();
    }

    private static void check(NamedSharding from, NamedSharding to) {
        if (!from.mesh().equals(to.mesh())) {
            throw new IllegalArgumentException("shardings are of different meshes: from=" + from.mesh() + ", to="
                    + to.mesh() + ". Use Reshard.between.");
        }
        if (!from.unreduced().containsAll(to.unreduced())) {
            throw new IllegalArgumentException("value cannot be made unreduced: from=" + from + ", to=" + to
                    + ". Leave out what the source is not unreduced over.");
        }
    }
}
