package dev.tartan.samediff;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The ops of SameDiff that can be traced, by the names that {@code opName()} gives. */
final class KnownOps {
    private static final Map<String, OpRule> RULES = rules();

    private KnownOps() {}

    private static Map<String, OpRule> rules() {
        Map<String, OpRule> rules = new LinkedHashMap<>();
        ArithmeticOps.addTo(rules);
        FunctionOps.addTo(rules);
        ReductionOps.addTo(rules);
        ShapeOps.addTo(rules);
        SliceOps.addTo(rules);
        IndexOps.addTo(rules);
        DenseOps.addTo(rules);
        NormOps.addTo(rules);
        AttentionOps.addTo(rules);
        ConvolutionOps.addTo(rules);
        LstmOps.addTo(rules);
        LossOps.addTo(rules);
        return rules;
    }

    /** How an op of that name is traced; null if it is not known. */
    static @Nullable OpRule rule(String name) {
        return RULES.get(name);
    }

    /** All names, in alphabetical order. */
    static Set<String> names() {
        return new TreeSet<>(RULES.keySet());
    }
}
