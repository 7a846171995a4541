package dev.tartan.sharding;

import dev.tartan.graph.Factor;
import dev.tartan.graph.Node;
import dev.tartan.graph.Reduction;
import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.PartitionSpec;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * How one op is split: the axes of each of its factors, and what follows for its operands and results.
 *
 * @param axes factor to axes; absent means whole
 * @param operands the spec in which each operand is needed
 * @param results the spec in which each result comes out
 * @param unreduced per result the axes over which it comes out unreduced
 */
public record OpSharding(
        ShardingRule rule,
        Map<String, List<String>> axes,
        List<PartitionSpec> operands,
        List<PartitionSpec> results,
        List<List<String>> unreduced) {

    /**
     * Chooses the split of {@code node}: first sums that all operands are split for already and that are smaller than
     * they are, as of a gradient over the batch, or that a given layout splits, as of the rows of a vocabulary; then
     * what its results are laid out by, so that no result needs resharding, then its operands, those with a given
     * layout first, from the largest down; a factor or axis once decided stays.
     */
    public static OpSharding choose(Shardings shardings, Node node) {
        Mesh mesh = shardings.mesh();
        ShardingRule rule = node.shardingRule();
        Map<String, List<String>> chosen = new LinkedHashMap<>();
        Set<String> used = new HashSet<>();
        claimPendingSums(shardings, node, rule, chosen, used);
        for (int i = 0; i < node.results().size(); i++) {
            claim(mesh, rule, rule.results().get(i), shardings.of(node.results().get(i)), chosen, used);
        }
        IntStream.range(0, node.operands().size())
                .boxed()
                .sorted(Comparator.comparing((Integer i) ->
                                !shardings.fixed().contains(node.operands().get(i)))
                        .thenComparing(i -> -node.operands().get(i).type().bytes()))
                .forEach(i -> claim(
                        mesh,
                        rule,
                        rule.operands().get(i),
                        shardings.of(node.operands().get(i)),
                        chosen,
                        used));
        dropUncovered(mesh, rule, chosen);
        List<PartitionSpec> operands = rule.operands().stream()
                .map(dims -> FactorAxes.toSpec(mesh, rule, dims, chosen))
                .toList();
        List<PartitionSpec> results = rule.results().stream()
                .map(dims -> FactorAxes.toSpec(mesh, rule, dims, chosen))
                .toList();
        List<List<String>> unreduced = new ArrayList<>();
        for (int i = 0; i < rule.results().size(); i++) {
            List<String> present = rule.resultFactors(i);
            List<String> pending = new ArrayList<>();
            chosen.forEach((name, axes) -> {
                if (rule.factor(name).kind() == Factor.Kind.REDUCTION && !present.contains(name)) {
                    pending.addAll(axes);
                }
            });
            unreduced.add(mesh.axisNames().stream().filter(pending::contains).toList());
        }
        return new OpSharding(rule, Map.copyOf(chosen), operands, results, unreduced);
    }

    /**
     * A sum whose operands lie as it needs them costs a reduce-scatter of the result, where splitting by the result's
     * layout would move the operands. What has a given layout is moved for no size of the result.
     */
    private static void claimPendingSums(
            Shardings shardings, Node node, ShardingRule rule, Map<String, List<String>> chosen, Set<String> used) {
        long operandBytes =
                node.operandTypes().stream().mapToLong(TensorType::bytes).sum();
        long resultBytes =
                node.results().stream().mapToLong(value -> value.type().bytes()).sum();
        if (rule.reduction() != Reduction.SUM) {
            return;
        }
        List<Map<String, List<String>>> projected = new ArrayList<>();
        for (int i = 0; i < node.operands().size(); i++) {
            PartitionSpec spec = shardings.of(node.operands().get(i));
            projected.add(
                    FactorAxes.project(shardings.mesh(), rule, rule.operands().get(i), spec));
        }
        for (Factor factor : rule.factors().values()) {
            List<String> axes = projected.stream()
                    .map(own -> own.getOrDefault(factor.name(), List.of()))
                    .filter(own -> !own.isEmpty())
                    .findFirst()
                    .orElse(List.of());
            if (factor.kind() != Factor.Kind.REDUCTION || axes.isEmpty()) {
                continue;
            }
            boolean given = false;
            boolean inPlace = true;
            for (int i = 0; i < projected.size(); i++) {
                boolean carries = rule.operandFactors(i).contains(factor.name());
                given |= carries && shardings.fixed().contains(node.operands().get(i));
                inPlace &= !carries || axes.equals(projected.get(i).get(factor.name()));
                inPlace &= projected.get(i).entrySet().stream()
                        .noneMatch(entry -> !entry.getKey().equals(factor.name())
                                && entry.getValue().stream().anyMatch(axes::contains));
            }
            if (inPlace && (given || resultBytes <= operandBytes)) {
                chosen.put(factor.name(), axes);
                used.addAll(axes);
            }
        }
    }

    private static void claim(
            Mesh mesh,
            ShardingRule rule,
            List<List<String>> dims,
            PartitionSpec spec,
            Map<String, List<String>> chosen,
            Set<String> used) {
        FactorAxes.project(mesh, rule, dims, spec).forEach((name, axes) -> {
            if (rule.factor(name).kind() == Factor.Kind.NEED_REPLICATION || chosen.containsKey(name)) {
                return;
            }
            List<String> free = new ArrayList<>();
            for (String axis : axes) {
                if (used.contains(axis)) {
                    break;
                }
                free.add(axis);
            }
            if (!free.isEmpty()) {
                chosen.put(name, List.copyOf(free));
                used.addAll(free);
            }
        });
    }

    /**
     * A minor factor of a compound dim can be split only where all factors before it are covered; where some tensor
     * cannot carry the split, no tensor may.
     */
    private static void dropUncovered(Mesh mesh, ShardingRule rule, Map<String, List<String>> chosen) {
        List<List<String>> dims = new ArrayList<>();
        rule.operands().forEach(dims::addAll);
        rule.results().forEach(dims::addAll);
        boolean dropped = true;
        while (dropped) {
            dropped = chosen.keySet()
                    .removeIf(name -> dims.stream()
                            .filter(names -> names.contains(name))
                            .anyMatch(names -> names.subList(0, names.indexOf(name)).stream()
                                    .anyMatch(before -> !isCovered(mesh, rule, chosen, before))));
        }
    }

    private static boolean isCovered(Mesh mesh, ShardingRule rule, Map<String, List<String>> chosen, String name) {
        return mesh.numShards(chosen.getOrDefault(name, List.of()))
                == rule.factor(name).size();
    }
}
