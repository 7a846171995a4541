package dev.tartan.train;

import dev.tartan.network.BatchField;
import dev.tartan.network.ForwardPass;
import dev.tartan.network.Mlp;
import dev.tartan.network.Network;
import dev.tartan.op.Activation;
import dev.tartan.op.Tensor;
import java.util.List;
import java.util.Map;

/** A perceptron that reports a mean over elements, and one that counts some samples only. */
final class WatchedMlp extends Network {
    static final int INPUTS = 6;
    static final int HIDDEN = 8;
    static final int CLASSES = 4;

    private final Mlp mlp = child("mlp", new Mlp(INPUTS, List.of(HIDDEN), CLASSES, Activation.TANH));

    @Override
    public List<BatchField> batchFields() {
        return mlp.batchFields();
    }

    @Override
    public Tensor loss(Map<String, Tensor> batch, ForwardPass pass) {
        Tensor logits = mlp.logits(field(batch, "x"));
        Tensor y = field(batch, "y");
        Tensor losses = logits.crossEntropy(y);
        pass.report("squared", pass.mean(logits.square()));
        pass.report("lossOfClass0", pass.mean(losses, y.lessThan(1).cast(losses.dtype())));
        return pass.mean(losses);
    }
}
