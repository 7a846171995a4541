package dev.tartan.network;

import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * How the parameters of a network are trained, by name, apart from network code; later groups win. Idea: the parameter
 * groups of PyTorch's optimizers.
 */
public record ParameterGroups(List<Group> groups) {
    public ParameterGroups {
        groups = List.copyOf(groups);
    }

    /**
     * Parameters that are trained alike.
     *
     * @param names a full name, in which each {@code *} stands for any characters, as in {@code h.*.bias}
     * @param learningRateFactor see {@link Param#learningRateFactor}; null leaves it as declared
     * @param decay see {@link Param#decay}; null leaves it as declared
     * @param frozen whether to {@link Param#frozen() freeze} them
     */
    public record Group(
            String names,
            @Nullable Double learningRateFactor,
            @Nullable Boolean decay,
            boolean frozen) {}

    /** No groups: all is as the network declares it. */
    public static ParameterGroups none() {
        return new ParameterGroups(List.of());
    }

    /**
     * Sets up the parameters of {@code network}; to be called before it is traced.
     *
     * @throws IllegalArgumentException if a group names no parameter of it, or a factor is negative
     */
    public void applyTo(Module network) {
        Map<String, Param> parameters = network.parameters();
        for (Group group : groups) {
            Pattern pattern = Pattern.compile(Pattern.quote(group.names()).replace("*", "\\E.*\\Q"));
            List<Param> named = parameters.entrySet().stream()
                    .filter(entry -> pattern.matcher(entry.getKey()).matches())
                    .map(Map.Entry::getValue)
                    .toList();
            if (named.isEmpty()) {
                throw new IllegalArgumentException("parameter group names no parameter of the network: names="
                        + group.names() + ", network=" + network.getClass().getSimpleName() + ". Correct the name.");
            }
            named.forEach(param -> apply(group, param));
        }
    }

    private static void apply(Group group, Param param) {
        Double factor = group.learningRateFactor();
        if (factor != null) {
            param.learningRateFactor(factor);
        }
        Boolean decay = group.decay();
        if (decay != null) {
            param.decay(decay);
        }
        if (group.frozen()) {
            param.frozen();
        }
    }
}
