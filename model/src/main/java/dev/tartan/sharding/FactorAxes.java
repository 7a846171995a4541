package dev.tartan.sharding;

import dev.tartan.graph.Factor;
import dev.tartan.graph.ShardingRule;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.PartitionSpec;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Translates between dims and factors. A dim with factors {@code (g h)} split by axes {@code [data, model]} gives
 * {@code g=[data], h=[model]} if data covers g exactly, else the axes that divide g.
 */
public final class FactorAxes {
    private FactorAxes() {}

    /** The axes of each factor of one tensor; factors without axes are absent. */
    public static Map<String, List<String>> project(
            Mesh mesh, ShardingRule rule, List<List<String>> dims, PartitionSpec spec) {
        Map<String, List<String>> projected = new LinkedHashMap<>();
        for (int dim = 0; dim < dims.size(); dim++) {
            List<String> remaining = new ArrayList<>(spec.axesOf(dim));
            for (String name : dims.get(dim)) {
                List<String> taken =
                        leadingDivisors(mesh, remaining, rule.factor(name).size());
                if (!taken.isEmpty()) {
                    projected.put(name, taken);
                }
                remaining = remaining.subList(taken.size(), remaining.size());
                if (mesh.numShards(taken) != rule.factor(name).size()) {
                    break;
                }
            }
        }
        return projected;
    }

    /**
     * The spec of one tensor whose factors have these axes; a minor factor counts only if all before it are covered.
     */
    public static PartitionSpec toSpec(
            Mesh mesh, ShardingRule rule, List<List<String>> dims, Map<String, List<String>> axes) {
        List<List<String>> spec = new ArrayList<>();
        List<String> used = new ArrayList<>();
        for (List<String> names : dims) {
            List<String> split = new ArrayList<>();
            for (String name : names) {
                Factor factor = rule.factor(name);
                List<String> wanted = factor.kind() == Factor.Kind.NEED_REPLICATION
                        ? List.of()
                        : leadingDivisors(mesh, axes.getOrDefault(name, List.of()), factor.size());
                for (String axis : wanted) {
                    if (used.contains(axis)) {
                        break;
                    }
                    split.add(axis);
                    used.add(axis);
                }
                if (mesh.numShards(wanted) != factor.size()) {
                    break;
                }
            }
            spec.add(split);
        }
        return new PartitionSpec(spec);
    }

    /** The longest prefix of {@code axes} whose product divides {@code size}. */
    static List<String> leadingDivisors(Mesh mesh, List<String> axes, long size) {
        int count = 0;
        while (count < axes.size() && size % mesh.numShards(axes.subList(0, count + 1)) == 0) {
            count++;
        }
        return List.copyOf(axes.subList(0, count));
    }
}
