package dev.tartan.spark.ml;

import org.jspecify.annotations.Nullable;

/** From logits to probabilities to a class, as Spark's probabilistic classifiers have it. */
final class ClassProbabilities {
    private ClassProbabilities() {}

    /** Turns logits into their softmax. */
    static double[] softmaxInPlace(double[] logits) {
        double max = Double.NEGATIVE_INFINITY;
        for (double logit : logits) {
            max = Math.max(max, logit);
        }
        double sum = 0;
        for (int i = 0; i < logits.length; i++) {
            logits[i] = Math.exp(logits[i] - max);
            sum += logits[i];
        }
        for (int i = 0; i < logits.length; i++) {
            logits[i] /= sum;
        }
        return logits;
    }

    /**
     * The class of the largest probability, the first of several; with thresholds, of the largest over its threshold.
     */
    static double predict(double[] probabilities, double @Nullable [] thresholds) {
        int best = 0;
        double most = Double.NEGATIVE_INFINITY;
        for (int i = 0; i < probabilities.length; i++) {
            double scaled = thresholds == null
                    ? probabilities[i]
                    : thresholds[i] == 0 ? Double.POSITIVE_INFINITY : probabilities[i] / thresholds[i];
            if (scaled > most) {
                most = scaled;
                best = i;
            }
        }
        return best;
    }
}
