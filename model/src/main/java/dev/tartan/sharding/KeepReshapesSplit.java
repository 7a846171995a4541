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
 * Finds another dim for axes that split the operand of a reshape where its factors cannot carry them. Example:
 * {@code [4, 6] -> [24]} with {@code b} on dim 1, the minor part of the merged dim. The result gets {@code [b]}, so the
 * operand is resharded from {@code [-, b]} to {@code [b, -]} by an all-to-all, where a gather would leave the result
 * and all that is computed from it whole on every rank.
 */
final class KeepReshapesSplit {
    private final Mesh mesh;
    private final ShardingRule rule;

    KeepReshapesSplit(Mesh mesh, ShardingRule rule) {
        this.mesh = mesh;
        this.rule = rule;
    }

    /** {@code result} grown by the axes of {@code operand} that it lacks, each at the first dim that can carry it. */
    PartitionSpec grown(PartitionSpec operand, PartitionSpec result) {
        PartitionSpec grown = result;
        for (String axis : operand.usedAxes()) {
            if (!grown.usedAxes().contains(axis)) {
                grown = withAxis(grown, axis);
            }
        }
        return grown;
    }

    private PartitionSpec withAxis(PartitionSpec spec, String axis) {
        List<List<String>> dims = rule.results().get(0);
        for (int dim = 0; dim < dims.size(); dim++) {
            List<String> axes = new ArrayList<>(spec.axesOf(dim));
            axes.add(axis);
            PartitionSpec candidate = spec.with(dim, axes);
            if (isCarried(candidate)) {
                return candidate;
            }
        }
        return spec;
    }

    /** Whether factors carry all axes of the result from the operand. */
    private boolean isCarried(PartitionSpec result) {
        Map<String, List<String>> axes = new LinkedHashMap<>(
                FactorAxes.project(mesh, rule, rule.results().get(0), result));
        axes.keySet().removeIf(name -> rule.factor(name).kind() == Factor.Kind.NEED_REPLICATION);
        PartitionSpec operand = FactorAxes.toSpec(mesh, rule, rule.operands().get(0), axes);
        return FactorAxes.toSpec(mesh, rule, rule.results().get(0), axes).equals(result)
                && operand.usedAxes().containsAll(result.usedAxes());
    }
}
