package dev.tartan.sharding;

import java.util.List;

/**
 * Two layouts that met at one factor of one op and could not both hold.
 *
 * @param node the op in printed form
 * @param factor the index letter
 * @param chosen the axes kept
 * @param dropped the axes given up, so that a reshard is needed
 */
public record ShardingConflict(String node, String factor, List<String> chosen, List<String> dropped) {
    @Override
    public String toString() {
        return "factor '" + factor + "' is split two ways: chosen=" + chosen + ", dropped=" + dropped + ", node="
                + node;
    }
}
