package dev.tartan.dl4j;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.deeplearning4j.nn.api.layers.LayerConstraint;
import org.deeplearning4j.nn.conf.GradientNormalization;
import org.deeplearning4j.nn.conf.constraint.BaseConstraint;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.recurrent.Bidirectional;
import org.deeplearning4j.nn.conf.layers.wrapper.BaseWrapperLayer;
import org.nd4j.linalg.learning.regularization.Regularization;

/** Reads out of layers how each of their parameters is updated. */
final class UpdateRules {
    private UpdateRules() {}

    /** The rules by name of parameter. */
    static Map<String, UpdateRule> of(NetworkPlan plan, boolean correct) {
        Map<String, UpdateRule> rules = new LinkedHashMap<>();
        for (NetworkNode node : plan.nodes()) {
            LayerModule module = node.layer();
            if (module == null) {
                continue;
            }
            module.byKey().forEach((key, param) -> {
                if (param.isTrained() || (param.isState() && !correct && isNormalized(module))) {
                    rules.put(param.name(), rule(node.name(), module, key, correct));
                }
            });
        }
        return rules;
    }

    /** Whether statistics, too, are subject to a layer's gradient normalization. */
    private static boolean isNormalized(LayerModule module) {
        GradientNormalization normalization = unwrapped(module.conf()).getGradientNormalization();
        return normalization != null && normalization != GradientNormalization.None;
    }

    /** The layer whose settings count. */
    static Layer unwrapped(Layer layer) {
        return layer instanceof BaseWrapperLayer wrapper ? unwrapped(wrapper.getUnderlying()) : layer;
    }

    private static UpdateRule rule(String node, LayerModule module, String key, boolean correct) {
        Layer layer = unwrapped(module.conf());
        long tail = correct ? 0 : module.takenForBias(key);
        GradientNormalization normalization = layer.getGradientNormalization();
        return new UpdateRule(
                node,
                layer.getUpdaterByParam(key),
                regularization(layer, correct ? key : module.regularizedAs(key), correct),
                tail,
                tail == 0 ? List.of() : regularization(layer, "b", false),
                normalization == null ? GradientNormalization.None : normalization,
                layer.getGradientNormalizationThreshold(),
                constraints(layer, key));
    }

    /** A weight decay for the whole network stands in the list of each layer twice, and DL4J applies both. */
    static List<Regularization> regularization(Layer layer, String key, boolean correct) {
        List<Regularization> all = layer.getRegularizationByParam(key);
        if (all == null) {
            return List.of();
        }
        return correct ? all.stream().distinct().toList() : all;
    }

    private static List<LayerConstraint> constraints(Layer layer, String key) {
        if (layer instanceof Bidirectional both) {
            return constraints(key.startsWith("f") ? both.getFwd() : both.getBwd(), key.substring(1));
        }
        List<LayerConstraint> own = new ArrayList<>();
        if (layer.getConstraints() != null) {
            for (LayerConstraint constraint : layer.getConstraints()) {
                if (constraint instanceof BaseConstraint base
                        && base.getParams().contains(key)) {
                    own.add(constraint);
                }
            }
        }
        return own;
    }
}
