package dev.tartan.op;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tartan.graph.LocalShards;
import dev.tartan.graph.Op;
import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.NamedSharding;
import dev.tartan.mesh.ShardOffset;
import dev.tartan.op.reference.HostTensor;
import dev.tartan.op.reference.OpCase;
import dev.tartan.op.reference.ReferenceInterpreter;
import java.util.ArrayList;
import java.util.List;

/**
 * Runs an op on every rank's shards, as its rule says they are laid out, and compares with the whole. Every rank must
 * end with the right block of each result, after results that lack a reduction factor are combined over its axes.
 *
 * <p>Example: {@code ([i, k], [k, j]) -> ([i, j])} with k on axis {@code a} gives rank 0 the left half of the columns
 * of the first operand and the upper half of the rows of the second; its product is one addend of the result.
 */
final class RuleOracle {
    // Sums of at most 32 products in another order: rounding of about 32 * 1e-16 on numbers up to 100.
    private static final double TOLERANCE = 1e-12;

    private final Op op;
    private final ShardingRule rule;
    private final List<HostTensor> operands;
    private final List<HostTensor> truth;

    RuleOracle(OpCase example, ShardingRule rule) {
        this.op = example.op();
        this.rule = rule;
        this.operands = example.operands();
        this.truth = example.results();
    }

    /** Fails with the rule and the placement if some rank's results are wrong. */
    void check(Mesh mesh, Placement placement) {
        List<NamedSharding> in = new ArrayList<>();
        rule.operands().forEach(dims -> in.add(NamedSharding.of(mesh, placement.spec(dims))));
        List<NamedSharding> out = new ArrayList<>();
        for (int i = 0; i < truth.size(); i++) {
            out.add(new NamedSharding(
                    mesh, placement.spec(rule.results().get(i)), placement.unreduced(rule, rule.resultFactors(i))));
        }
        Op localized = op.localize(new LocalShards(
                localTypes(in, operands), localTypes(out, truth), offsets(in, operands), offsets(out, truth)));
        List<List<HostTensor>> perRank = new ArrayList<>();
        for (int rank = 0; rank < mesh.numRanks(); rank++) {
            Op bound = localized instanceof RankDependentOp dependent ? dependent.atRank(mesh, rank) : localized;
            perRank.add(ReferenceInterpreter.run(bound, Shards.ofRank(in, operands, rank)));
        }
        for (int i = 0; i < truth.size(); i++) {
            for (int rank = 0; rank < mesh.numRanks(); rank++) {
                HostTensor expected = Shards.of(out.get(i), truth.get(i), rank);
                HostTensor actual = Shards.combine(out.get(i), rule.reduction(), perRank, i, rank);
                compare(expected, actual, "result " + i + " on rank " + rank + " of " + mesh + " with " + placement);
            }
        }
    }

    private void compare(HostTensor expected, HostTensor actual, String where) {
        String description = where + " of " + op + "\nrule " + rule;
        assertThat(actual.type()).as(description).isEqualTo(expected.type());
        for (int i = 0; i < expected.data().length; i++) {
            double wanted = expected.data()[i];
            assertThat(actual.data()[i])
                    .as("%s, element %d", description, i)
                    .isCloseTo(wanted, within(TOLERANCE * Math.max(1, Math.abs(wanted))));
        }
    }

    private static List<TensorType> localTypes(List<NamedSharding> shardings, List<HostTensor> whole) {
        List<TensorType> types = new ArrayList<>();
        for (int i = 0; i < whole.size(); i++) {
            types.add(whole.get(i)
                    .type()
                    .withShape(shardings.get(i).localShape(whole.get(i).shape())));
        }
        return types;
    }

    private static List<List<ShardOffset>> offsets(List<NamedSharding> shardings, List<HostTensor> whole) {
        List<List<ShardOffset>> all = new ArrayList<>();
        for (int i = 0; i < whole.size(); i++) {
            List<ShardOffset> offsets = new ArrayList<>();
            for (int dim = 0; dim < whole.get(i).shape().numDims(); dim++) {
                NamedSharding sharding = shardings.get(i);
                offsets.add(ShardOffset.of(
                        sharding.mesh(),
                        sharding.spec().axesOf(dim),
                        whole.get(i).shape().dim(dim)));
            }
            all.add(offsets);
        }
        return all;
    }
}
