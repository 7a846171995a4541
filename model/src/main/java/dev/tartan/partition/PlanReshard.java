package dev.tartan.partition;

import dev.tartan.mesh.NamedSharding;
import dev.tartan.mesh.PartitionSpec;
import java.util.ArrayList;
import java.util.List;

/**
 * Finds the steps from one sharding to another: pending sums first (scattered where the target splits a dim by that
 * very axis, else reduced), then moves between dims, then slices, then gathers, then the slices that gathers made
 * possible. Example, {@code [data, -] -> [-, data]} is one all-to-all, and {@code [-, -] unreduced={data} -> [data, -]}
 * one reduce-scatter.
 */
final class PlanReshard {
    private final NamedSharding to;
    private final List<List<String>> now = new ArrayList<>();
    private final List<List<String>> want = new ArrayList<>();
    private final List<ReshardStep> steps = new ArrayList<>();

    private PlanReshard(NamedSharding from, NamedSharding to, int numDims) {
        this.to = to;
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
        plan.resolve(from.unreduced());
        plan.move();
        plan.keep();
        plan.gather();
        plan.keep();
        PartitionSpec reached = new PartitionSpec(plan.now);
        if (!reached.equals(to.spec().extendedTo(numDims))) {
            throw new IllegalStateException(
                    "reshard ends elsewhere: from=" + from + ", to=" + to + ", reached=" + reached);
        }
        return plan.steps;
    }

    private void resolve(List<String> unreduced) {
        List<String> rest = new ArrayList<>();
        for (String axis : unreduced) {
            if (to.unreduced().contains(axis)) {
                continue;
            }
            int dim = dimExtendedBy(axis);
            if (dim >= 0) {
                now.get(dim).add(axis);
                steps.add(new ReshardStep.Scatter(dim, List.of(axis)));
            } else {
                rest.add(axis);
            }
        }
        if (!rest.isEmpty()) {
            steps.add(new ReshardStep.Reduce(List.copyOf(rest)));
        }
    }

    private int dimExtendedBy(String axis) {
        for (int dim = 0; dim < now.size(); dim++) {
            List<String> target = want.get(dim);
            int count = now.get(dim).size();
            if (target.size() > count
                    && target.subList(0, count).equals(now.get(dim))
                    && target.get(count).equals(axis)) {
                return dim;
            }
        }
        return -1;
    }

    private void move() {
        for (int dim = 0; dim < now.size(); dim++) {
            List<String> axes = now.get(dim);
            if (axes.isEmpty() || isPrefix(axes, want.get(dim))) {
                continue;
            }
            String last = axes.get(axes.size() - 1);
            int target = dimExtendedBy(last);
            if (target >= 0 && target != dim) {
                axes.remove(axes.size() - 1);
                now.get(target).add(last);
                steps.add(new ReshardStep.Move(dim, target, List.of(last)));
            }
        }
    }

    private void keep() {
        for (int dim = 0; dim < now.size(); dim++) {
            List<String> have = now.get(dim);
            List<String> target = want.get(dim);
            if (have.size() >= target.size() || !isPrefix(have, target)) {
                continue;
            }
            List<String> added = new ArrayList<>();
            for (String axis : target.subList(have.size(), target.size())) {
                if (now.stream().anyMatch(axes -> axes.contains(axis))) {
                    break;
                }
                added.add(axis);
            }
            if (!added.isEmpty()) {
                have.addAll(added);
                steps.add(new ReshardStep.Keep(dim, List.copyOf(added)));
            }
        }
    }

    private void gather() {
        for (int dim = 0; dim < now.size(); dim++) {
            List<String> have = now.get(dim);
            int common = 0;
            while (common < have.size()
                    && common < want.get(dim).size()
                    && have.get(common).equals(want.get(dim).get(common))) {
                common++;
            }
            if (common < have.size()) {
                steps.add(new ReshardStep.Gather(dim, List.copyOf(have.subList(common, have.size()))));
                have.subList(common, have.size()).clear();
            }
        }
    }

    private static boolean isPrefix(List<String> shorter, List<String> longer) {
        return shorter.size() <= longer.size()
                && longer.subList(0, shorter.size()).equals(shorter);
    }
}
