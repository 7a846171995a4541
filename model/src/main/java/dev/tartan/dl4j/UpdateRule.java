package dev.tartan.dl4j;

import java.util.List;
import org.deeplearning4j.nn.api.layers.LayerConstraint;
import org.deeplearning4j.nn.conf.GradientNormalization;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.regularization.Regularization;

/**
 * How DL4J updates one parameter.
 *
 * @param layer the layer that it is of; gradients are normalized by layer
 * @param regularization in DL4J's order, one listed twice counting twice
 * @param tail how many elements at the end are regularized by {@code tailRegularization} instead; see
 *     {@link ConvolutionModule#regularizedAs}
 * @param threshold of {@code normalization}
 * @param constraints that apply to this parameter
 */
record UpdateRule(
        String layer,
        IUpdater updater,
        List<Regularization> regularization,
        long tail,
        List<Regularization> tailRegularization,
        GradientNormalization normalization,
        double threshold,
        List<LayerConstraint> constraints) {
    UpdateRule {
        regularization = List.copyOf(regularization);
        tailRegularization = List.copyOf(tailRegularization);
        constraints = List.copyOf(constraints);
    }
}
