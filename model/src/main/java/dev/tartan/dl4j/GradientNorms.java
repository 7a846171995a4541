package dev.tartan.dl4j;

import dev.tartan.network.Param;
import dev.tartan.op.Tensor;
import dev.tartan.optimizer.Optimizer.Prepared;
import dev.tartan.optimizer.Optimizer.StateUpdate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * DL4J's normalization of gradients, which goes before regularization and updater. To DL4J what is subtracted from a
 * running statistic is a gradient as others: it counts for its layer's norm and is scaled by that. So are statistics
 * here that have a rule. Not thread-safe.
 */
final class GradientNorms {
    /** What DL4J divides by where a norm is 0. */
    private static final double FOR_ZERO = 1e-5;

    private final Map<String, UpdateRule> rules;
    private final List<Param> params;
    private final List<Tensor> gradients;
    private final List<StateUpdate> states;
    private final Map<String, List<Tensor>> byLayer = new LinkedHashMap<>();
    private final Map<String, Tensor> norms = new LinkedHashMap<>();

    /**
     * Takes the gradients of one step.
     *
     * @param rules by name of parameters, and of statistics that are normalized
     */
    GradientNorms(Map<String, UpdateRule> rules, List<Param> params, List<Tensor> gradients, List<StateUpdate> states) {
        this.rules = rules;
        this.params = params;
        this.gradients = gradients;
        this.states = states;
        for (int i = 0; i < params.size(); i++) {
            add(params.get(i), gradients.get(i));
        }
        for (StateUpdate update : states) {
            if (rules.containsKey(update.state().name())) {
                add(update.state(), subtracted(update));
            }
        }
    }

    private void add(Param param, Tensor gradient) {
        UpdateRule rule = rules.get(param.name());
        if (rule != null) {
            byLayer.computeIfAbsent(rule.layer(), absent -> new ArrayList<>()).add(gradient);
        }
    }

    private static Tensor subtracted(StateUpdate update) {
        return update.before().sub(update.after());
    }

    /** All gradients and statistics, each normalized as its rule says. */
    Prepared apply() {
        List<Tensor> normalized = new ArrayList<>();
        for (int i = 0; i < params.size(); i++) {
            normalized.add(normalized(rules.get(params.get(i).name()), gradients.get(i)));
        }
        List<Tensor> statistics = new ArrayList<>();
        for (StateUpdate update : states) {
            UpdateRule rule = rules.get(update.state().name());
            statistics.add(rule == null ? update.after() : update.before().sub(normalized(rule, subtracted(update))));
        }
        return new Prepared(normalized, statistics);
    }

    private Tensor normalized(@Nullable UpdateRule rule, Tensor g) {
        if (rule == null) {
            return g;
        }
        return switch (rule.normalization()) {
            case None -> g;
            case ClipElementWiseAbsoluteValue -> g.max(-rule.threshold()).min(rule.threshold());
            case RenormalizeL2PerParamType -> renormalized(g, norm(List.of(g)));
            case ClipL2PerParamType -> clipped(g, norm(List.of(g)), rule.threshold());
            case RenormalizeL2PerLayer -> renormalized(g, ofLayer(rule));
            case ClipL2PerLayer -> clipped(g, ofLayer(rule), rule.threshold());
        };
    }

    private Tensor ofLayer(UpdateRule rule) {
        return norms.computeIfAbsent(rule.layer(), layer -> norm(byLayer.getOrDefault(layer, List.of())));
    }

    private static Tensor norm(List<Tensor> gradients) {
        return Tensor.sumOf(gradients.stream().map(Tensor::sumSquares).toList()).sqrt();
    }

    private static Tensor renormalized(Tensor g, Tensor norm) {
        return g.div(Tensor.select(norm.greaterThan(0), norm, norm.filled(FOR_ZERO)));
    }

    private static Tensor clipped(Tensor g, Tensor norm, double threshold) {
        Tensor scale =
                Tensor.select(norm.greaterThan(threshold), norm.reciprocal().mul(threshold), norm.filled(1));
        return g.mul(scale);
    }
}
