package dev.tartan.op;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.graph.Factor;
import dev.tartan.graph.ShardingRule;
import dev.tartan.op.reference.OpCase;
import dev.tartan.op.reference.OpCases;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Factors that a rule forbids to split although every case would survive it. */
class ReplicationNeedTest {
    @Test
    void factorsThatNeedNoReplicationAreKnown() {
        Map<String, Boolean> splittable = new LinkedHashMap<>();
        for (OpCase example : OpCases.all()) {
            ShardingRule rule = example.op().shardingRule(example.operandTypes());
            for (Factor factor : rule.factors().values()) {
                if (factor.kind() == Factor.Kind.NEED_REPLICATION && factor.size() % 2 == 0) {
                    boolean survives = survives(example, rule, factor, Factor.Kind.PASS_THROUGH)
                            || survives(example, rule, factor, Factor.Kind.REDUCTION);
                    splittable.put(example + " " + factor.name(), survives);
                }
            }
        }
        Set<String> missing = new TreeSet<>();
        splittable.forEach((name, survives) -> {
            if (survives) {
                missing.add(name);
            }
        });
        assertThat(splittable).isNotEmpty();
        assertThat(missing).containsExactly();
    }

    /** Whether splitting {@code factor} alone gives right results when it is treated as {@code kind}. */
    private static boolean survives(OpCase example, ShardingRule rule, Factor factor, Factor.Kind kind) {
        Map<String, Factor> factors = new LinkedHashMap<>(rule.factors());
        factors.put(factor.name(), new Factor(factor.name(), factor.size(), kind));
        ShardingRule changed = new ShardingRule(
                rule.operands(),
                rule.results(),
                factors,
                rule.reduction(),
                rule.linearOperands(),
                rule.jointlyLinear());
        var mesh = RuleOracleTest.MESHES.get(0);
        Placement placement = new Placement(Map.of(factor.name(), List.of("a")));
        if (!Placement.all(mesh, changed).contains(placement)) {
            return false;
        }
        try {
            new RuleOracle(example, changed).check(mesh, placement);
            return true;
        } catch (AssertionError | RuntimeException wrong) {
            return false;
        }
    }
}
