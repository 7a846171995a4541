package dev.tartan.train;

import dev.tartan.checkpoint.SafetensorsReader;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** What {@link WatchedMlp} says of {@link MadeSamples}, computed sample by sample in double. */
final class ReferenceMlp {
    private ReferenceMlp() {}

    /** The means that an evaluation gives, of the parameters in a file. */
    static Map<String, Double> evaluate(Path parameters, MadeSamples samples) {
        try (SafetensorsReader file = SafetensorsReader.open(parameters)) {
            float[] w0 = file.readFloats("mlp.layers.0.weight");
            float[] b0 = file.readFloats("mlp.layers.0.bias");
            float[] w1 = file.readFloats("mlp.layers.1.weight");
            float[] b1 = file.readFloats("mlp.layers.1.bias");
            double loss = 0;
            double weights = 0;
            double squared = 0;
            double lossOfClass0 = 0;
            double weightsOfClass0 = 0;
            for (int n = 0; n < samples.count(); n++) {
                double[] hidden = layer(doubles(MadeSamples.x(n)), w0, b0);
                for (int i = 0; i < hidden.length; i++) {
                    hidden[i] = Math.tanh(hidden[i]);
                }
                double[] logits = layer(hidden, w1, b1);
                double sum = 0;
                double weight = samples.weight(n);
                for (double logit : logits) {
                    sum += Math.exp(logit);
                    squared += logit * logit / logits.length * weight;
                }
                double own = Math.log(sum) - logits[samples.y(n)];
                loss += own * weight;
                weights += weight;
                if (samples.y(n) == 0) {
                    lossOfClass0 += own * weight;
                    weightsOfClass0 += weight;
                }
            }
            Map<String, Double> means = new LinkedHashMap<>();
            means.put("loss", loss / weights);
            means.put("squared", squared / weights);
            means.put("lossOfClass0", lossOfClass0 / weightsOfClass0);
            return means;
        }
    }

    private static double[] doubles(float[] values) {
        double[] doubles = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            doubles[i] = values[i];
        }
        return doubles;
    }

    private static double[] layer(double[] x, float[] weight, float[] bias) {
        double[] y = doubles(bias);
        for (int i = 0; i < x.length; i++) {
            for (int k = 0; k < y.length; k++) {
                y[k] += x[i] * weight[i * y.length + k];
            }
        }
        return y;
    }
}
