package dev.tartan.op;

import dev.tartan.graph.Factor;
import dev.tartan.graph.ShardingRule;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.PartitionSpec;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Which mesh axes split each factor of a rule, major to minor. */
record Placement(Map<String, List<String>> axes) {
    /** The spec of a tensor whose dims have these factors. */
    PartitionSpec spec(List<List<String>> dims) {
        List<List<String>> spec = new ArrayList<>();
        for (List<String> factors : dims) {
            spec.add(factors.stream()
                    .flatMap(factor -> axes.getOrDefault(factor, List.of()).stream())
                    .toList());
        }
        return new PartitionSpec(spec);
    }

    /** The axes on which reduction factors lie that {@code present} lacks. */
    List<String> unreduced(ShardingRule rule, List<String> present) {
        return axes.entrySet().stream()
                .filter(entry -> rule.factor(entry.getKey()).kind() == Factor.Kind.REDUCTION)
                .filter(entry -> !present.contains(entry.getKey()))
                .flatMap(entry -> entry.getValue().stream())
                .toList();
    }

    /** Every placement of one axis, of all axes on one factor, or of the mesh's two axes on two factors. */
    static List<Placement> all(Mesh mesh, ShardingRule rule) {
        List<String> names = mesh.axisNames();
        List<Placement> placements = new ArrayList<>();
        for (String factor : rule.factors().keySet()) {
            for (String axis : names) {
                placements.add(new Placement(Map.of(factor, List.of(axis))));
            }
            if (names.size() == 2) {
                placements.add(new Placement(Map.of(factor, names)));
                placements.add(new Placement(Map.of(factor, List.of(names.get(1), names.get(0)))));
                for (String other : rule.factors().keySet()) {
                    if (!other.equals(factor)) {
                        Map<String, List<String>> pair = new LinkedHashMap<>();
                        pair.put(factor, List.of(names.get(0)));
                        pair.put(other, List.of(names.get(1)));
                        placements.add(new Placement(pair));
                    }
                }
            }
        }
        return placements.stream()
                .filter(placement -> placement.fits(mesh, rule))
                .toList();
    }

    /** Whether the rule allows all split factors and each tensor's shards are blocks. */
    private boolean fits(Mesh mesh, ShardingRule rule) {
        for (Map.Entry<String, List<String>> entry : axes.entrySet()) {
            Factor factor = rule.factor(entry.getKey());
            if (factor.kind() == Factor.Kind.NEED_REPLICATION
                    || factor.size() % mesh.numShards(entry.getValue()) != 0) {
                return false;
            }
        }
        List<List<List<String>>> tensors = new ArrayList<>(rule.operands());
        tensors.addAll(rule.results());
        return tensors.stream().flatMap(List::stream).allMatch(dim -> isBlock(mesh, rule, dim));
    }

    /** Axes apply to the major factor of a dim first, so a minor one can be split only below wholly split ones. */
    private boolean isBlock(Mesh mesh, ShardingRule rule, List<String> dim) {
        boolean majorWhollySplit = true;
        for (String factor : dim) {
            List<String> split = axes.getOrDefault(factor, List.of());
            if (!split.isEmpty() && !majorWhollySplit) {
                return false;
            }
            majorWhollySplit &= mesh.numShards(split) == rule.factor(factor).size();
        }
        return true;
    }
}
