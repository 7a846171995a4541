package dev.tartan.dl4j;

import dev.tartan.network.Param;
import dev.tartan.op.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** DL4J's normalization of gradients, which goes before regularization and updater. */
final class GradientNorms {
    /** What DL4J divides by where a norm is 0. */
    private static final double FOR_ZERO = 1e-5;

    private GradientNorms() {}

    /** The gradients of {@code params}, each normalized as its rule says. */
    static List<Tensor> apply(List<Param> params, List<Tensor> gradients, Map<String, UpdateRule> rules) {
        Map<String, List<Tensor>> byLayer = new LinkedHashMap<>();
        for (int i = 0; i < params.size(); i++) {
            UpdateRule rule = rules.get(params.get(i).name());
            if (rule != null) {
                byLayer.computeIfAbsent(rule.layer(), absent -> new ArrayList<>())
                        .add(gradients.get(i));
            }
        }
        Map<String, Tensor> norms = new LinkedHashMap<>();
        List<Tensor> normalized = new ArrayList<>();
        for (int i = 0; i < params.size(); i++) {
            UpdateRule rule = rules.get(params.get(i).name());
            Tensor g = gradients.get(i);
            if (rule == null) {
                normalized.add(g);
                continue;
            }
            normalized.add(
                    switch (rule.normalization()) {
                        case None -> g;
                        case ClipElementWiseAbsoluteValue ->
                            g.max(-rule.threshold()).min(rule.threshold());
                        case RenormalizeL2PerParamType -> renormalized(g, norm(List.of(g)));
                        case ClipL2PerParamType -> clipped(g, norm(List.of(g)), rule.threshold());
                        case RenormalizeL2PerLayer ->
                            renormalized(
                                    g,
                                    norms.computeIfAbsent(
                                            rule.layer(), layer -> norm(byLayer.getOrDefault(layer, List.of()))));
                        case ClipL2PerLayer ->
                            clipped(
                                    g,
                                    norms.computeIfAbsent(
                                            rule.layer(), layer -> norm(byLayer.getOrDefault(layer, List.of()))),
                                    rule.threshold());
                    });
        }
        return normalized;
    }

    private static Tensor norm(List<Tensor> gradients) {
        return Tensor.sumOf(gradients.stream().map(g -> g.square().sumAll()).toList())
                .sqrt();
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
