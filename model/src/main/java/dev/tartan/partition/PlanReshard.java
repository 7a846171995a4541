package dev.tartan.partition;

import dev.tartan.mesh.NamedSharding;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;

/**
 * Finds the steps from one sharding to another, those that make the tensor smaller first: slices, which cost nothing;
 * pending sums scattered where the target splits a dim by that very axis; moves between dims; then the sums that are
 * left; and gathers, no more than are needed before one of the others is possible again. Example, {@code [data, -] ->
 * [-, data]} is one all-to-all, and {@code [-, -] unreduced={data} -> [data, -]} one reduce-scatter.
 */
final class PlanReshard {
    private final List<List<String>> now = new ArrayList<>();
    private final List<List<String>> want = new ArrayList<>();
    /** Axes over which the value is unreduced and must not stay so. */
    private final List<String> pending;

    private final List<ReshardStep> steps = new ArrayList<>();

    private PlanReshard(NamedSharding from, NamedSharding to, int numDims) {
        pending = new ArrayList<>(from.unreduced());
        pending.removeAll(to.unreduced());
        for (int dim = 0; dim < numDims; dim++) {
            now.add(new ArrayList<>(from.spec().axesOf(dim)));
            want.add(to.spec().axesOf(dim));
        }
    }

    /**
     * The steps.
     *
     * @throws IllegalStateException if the target is unreduced over an axis over which the source is not
     */
    static List<ReshardStep> steps(NamedSharding from, NamedSharding to, int numDims) {
        if (!from.unreduced().containsAll(to.unreduced())) {
            throw new IllegalStateException("cannot make a value unreduced: from=" + from + ", to=" + to);
        }
        PlanReshard plan = new PlanReshard(from, to, numDims);
        do {
            plan.shrink();
        } while (plan.reduce() || plan.gather());
        if (!plan.now.equals(plan.want)) {
            throw new IllegalStateException(
                    "reshard ends elsewhere: from=" + from + ", to=" + to + ", reached=" + plan.now);
        }
        return plan.steps;
    }

    private void shrink() {
        boolean changed = true;
        while (changed) {
            changed = false;
            for (int dim = 0; dim < now.size(); dim++) {
                changed |= keep(dim);
            }
            for (int dim = 0; dim < now.size(); dim++) {
                changed |= scatter(dim);
            }
            for (int dim = 0; dim < now.size() && !changed; dim++) {
                changed = move(dim);
            }
        }
    }

    private boolean keep(int dim) {
        List<String> added =
                nextWanted(dim, axis -> !pending.contains(axis) && now.stream().noneMatch(axes -> axes.contains(axis)));
        if (added.isEmpty()) {
            return false;
        }
        now.get(dim).addAll(added);
        steps.add(new ReshardStep.Keep(dim, added));
        return true;
    }

    private boolean scatter(int dim) {
        List<String> added = nextWanted(dim, pending::contains);
        if (added.isEmpty()) {
            return false;
        }
        now.get(dim).addAll(added);
        pending.removeAll(added);
        steps.add(new ReshardStep.Scatter(dim, added));
        return true;
    }

    /** Moves the last axes of {@code dim} to the dim that wants them next, if there is one. */
    private boolean move(int dim) {
        List<String> axes = now.get(dim);
        for (int kept = commonPrefix(dim); kept < axes.size(); kept++) {
            List<String> moved = List.copyOf(axes.subList(kept, axes.size()));
            for (int target = 0; target < now.size(); target++) {
                if (target != dim && nextWanted(target, moved::contains).equals(moved)) {
                    axes.subList(kept, axes.size()).clear();
                    now.get(target).addAll(moved);
                    steps.add(new ReshardStep.Move(dim, target, moved));
                    return true;
                }
            }
        }
        return false;
    }

    private boolean reduce() {
        if (pending.isEmpty()) {
            return false;
        }
        steps.add(new ReshardStep.Reduce(List.copyOf(pending)));
        pending.clear();
        return true;
    }

    /**
     * Gathers the last axes of the first dim that is split otherwise than wanted, until it is not or a move can follow.
     */
    private boolean gather() {
        for (int dim = 0; dim < now.size(); dim++) {
            List<String> axes = now.get(dim);
            int common = commonPrefix(dim);
            if (common == axes.size()) {
                continue;
            }
            int kept = axes.size() - 1;
            while (kept > common && !isWantedNext(axes.get(kept - 1), dim)) {
                kept--;
            }
            steps.add(new ReshardStep.Gather(dim, List.copyOf(axes.subList(kept, axes.size()))));
            axes.subList(kept, axes.size()).clear();
            return true;
        }
        return false;
    }

    private boolean isWantedNext(String axis, int except) {
        for (int dim = 0; dim < now.size(); dim++) {
            if (dim != except && !nextWanted(dim, axis::equals).isEmpty()) {
                return true;
            }
        }
        return false;
    }

    /** The axes by which {@code dim} is to be split further, as long as {@code accepted}; none if others go first. */
    private List<String> nextWanted(int dim, Predicate<String> accepted) {
        List<String> target = want.get(dim);
        int begin = now.get(dim).size();
        if (commonPrefix(dim) < begin) {
            return List.of();
        }
        int end = begin;
        while (end < target.size() && accepted.test(target.get(end))) {
            end++;
        }
        return List.copyOf(target.subList(begin, end));
    }

    private int commonPrefix(int dim) {
        List<String> have = now.get(dim);
        List<String> target = want.get(dim);
        int common = 0;
        while (common < have.size()
                && common < target.size()
                && have.get(common).equals(target.get(common))) {
            common++;
        }
        return common;
    }
}
