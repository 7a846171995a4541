package dev.tartan.partition;

import dev.tartan.graph.TensorType;
import java.util.HashSet;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Each rank's tensor goes to one rank of the group: rank r gets that of rank {@code sources[r]}. Cost: a rank sends its
 * bytes once, or nothing if it is its own source.
 *
 * @param sources by rank of the group, each rank once
 */
public record Permute(List<String> axes, List<Integer> sources) implements Collective {
    /**
     * Copies the lists.
     *
     * @throws IllegalArgumentException if a rank is no source, or one twice
     */
    public Permute {
        axes = List.copyOf(axes);
        sources = List.copyOf(sources);
        int numRanks = sources.size();
        if (new HashSet<>(sources).size() != numRanks || sources.stream().anyMatch(r -> r < 0 || r >= numRanks)) {
            throw new IllegalArgumentException("permute does not name each rank once: sources=" + sources
                    + ". Give one source of its own per rank.");
        }
    }

    @Override
    public int numRanks() {
        return sources.size();
    }

    @Override
    public String name() {
        return "permute";
    }

    /** For example {@code over data.model from 0 2 1 3}. */
    @Override
    public String attributes() {
        return Collective.super.attributes() + " from "
                + sources.stream().map(String::valueOf).collect(Collectors.joining(" "));
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        return List.of(operands.get(0));
    }

    /** The most that a rank sends; one that is its own source sends nothing. */
    @Override
    public long bytesOnWire(TensorType operand) {
        return isIdentity() ? 0 : operand.bytes();
    }

    private boolean isIdentity() {
        for (int rank = 0; rank < sources.size(); rank++) {
            if (sources.get(rank) != rank) {
                return false;
            }
        }
        return true;
    }
}
