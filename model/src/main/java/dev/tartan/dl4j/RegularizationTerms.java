package dev.tartan.dl4j;

import dev.tartan.op.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.learning.regularization.L1Regularization;
import org.nd4j.linalg.learning.regularization.Regularization;
import org.nd4j.linalg.schedule.ISchedule;

/** What l1, l2 and weight decay add to the score; the gradient gets them from the optimizer. */
record RegularizationTerms(NetworkPlan plan, boolean correct) {
    /** The score: the loss and the terms, without gradient. */
    Tensor addTo(Tensor loss) {
        List<Tensor> terms = new ArrayList<>();
        terms.add(loss.stopGradient());
        for (NetworkNode node : plan.nodes()) {
            LayerModule module = node.layer();
            if (module == null) {
                continue;
            }
            module.byKey().forEach((key, param) -> {
                for (Regularization r :
                        UpdateRules.regularization(UpdateRules.unwrapped(module.conf()), key, correct)) {
                    ISchedule coefficient = KnownParts.coefficient(r);
                    double value = coefficient == null ? 0 : coefficient.valueAt(0, 0);
                    if (value != 0) {
                        terms.add(term(r, param.on(loss.graph()), value));
                    }
                }
            });
        }
        return Tensor.sumOf(terms);
    }

    private static Tensor term(Regularization r, Tensor param, double coefficient) {
        Tensor p = param.stopGradient();
        return r instanceof L1Regularization
                ? p.abs().sumAll().mul(coefficient)
                : p.sumSquares().mul(coefficient / 2);
    }
}
