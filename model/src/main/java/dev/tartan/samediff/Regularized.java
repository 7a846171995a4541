package dev.tartan.samediff;

import dev.tartan.network.Param;
import dev.tartan.op.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.nd4j.linalg.learning.regularization.L1Regularization;
import org.nd4j.linalg.learning.regularization.L2Regularization;
import org.nd4j.linalg.learning.regularization.Regularization;
import org.nd4j.linalg.learning.regularization.WeightDecay;

/** What l1, l2 and weight decay add to the loss in SameDiff's history; the gradient gets them from the optimizer. */
final class Regularized {
    private Regularized() {}

    /** The loss and the terms, without gradient. */
    static Tensor addTo(Tensor loss, List<Regularization> regularization, List<Param> params) {
        List<Tensor> terms = new ArrayList<>();
        terms.add(loss.stopGradient());
        for (Param param : params) {
            for (Regularization r : regularization) {
                Tensor p = param.on(loss.graph()).stopGradient();
                if (r instanceof L1Regularization l1) {
                    terms.add(p.abs().sumAll().mul(l1.getL1().valueAt(0, 0)));
                } else if (r instanceof L2Regularization l2) {
                    terms.add(p.sumSquares().mul(l2.getL2().valueAt(0, 0) / 2));
                } else if (r instanceof WeightDecay decay) {
                    terms.add(p.sumSquares().mul(decay.getCoeff().valueAt(0, 0) / 2));
                }
            }
        }
        return Tensor.sumOf(terms);
    }
}
