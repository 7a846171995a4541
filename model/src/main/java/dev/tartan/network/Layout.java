package dev.tartan.network;

import dev.tartan.mesh.PartitionSpec;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Which parameters of a network are split how, by name: a {@code *} in a name stands for one number. Keeps layouts
 * apart from network code.
 *
 * <p>Idea: torchtitan's parallelize plans.
 */
public record Layout(Map<String, PartitionSpec> specs) {
    public Layout {
        specs = java.util.Collections.unmodifiableMap(new LinkedHashMap<>(specs));
    }

    /** The layout that splits nothing. */
    public static Layout replicated() {
        return new Layout(Map.of());
    }

    /** This layout and one more rule. */
    public Layout with(String names, PartitionSpec spec) {
        Map<String, PartitionSpec> more = new LinkedHashMap<>(specs);
        more.put(names, spec);
        return new Layout(more);
    }

    /**
     * Lays out the parameters of {@code network}.
     *
     * @throws IllegalArgumentException if a rule names no parameter of it
     */
    public void applyTo(Module network) {
        Map<String, Param> parameters = network.parameters();
        specs.forEach((names, spec) -> {
            Param named = parameters.get(names);
            if (named != null) {
                named.sharded(spec);
                return;
            }
            Pattern pattern = Pattern.compile(Pattern.quote(names).replace("*", "\\E[0-9]+\\Q"));
            boolean found = false;
            for (Map.Entry<String, Param> entry : parameters.entrySet()) {
                if (pattern.matcher(entry.getKey()).matches()) {
                    entry.getValue().sharded(spec);
                    found = true;
                }
            }
            if (!found) {
                throw new IllegalArgumentException("layout names no parameter of the network: names=" + names
                        + ", network=" + network.getClass().getSimpleName() + ". Correct the name.");
            }
        });
    }
}
