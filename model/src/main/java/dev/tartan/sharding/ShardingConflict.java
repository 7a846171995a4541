package dev.tartan.sharding;

import dev.tartan.graph.Node;
import java.util.List;

/**
 * Layouts that met at one op and could not both hold: two of one factor, or one axis for two factors.
 *
 * @param node the op
 * @param factor the index letter
 * @param chosen the axes kept
 * @param dropped the axes given up, so that a reshard is needed
 */
public record ShardingConflict(Node node, String factor, List<String> chosen, List<String> dropped) {
    @Override
    public String toString() {
        return "factor '" + factor + "' of " + node.origin().describe(node.op().name()) + " is split two ways: chosen="
                + chosen + ", dropped=" + dropped + ", rule=" + node.shardingRule() + ", node=" + node;
    }
}
