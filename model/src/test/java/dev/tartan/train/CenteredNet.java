package dev.tartan.train;

import static dev.tartan.mesh.Shape.shape;

import dev.tartan.network.BatchField;
import dev.tartan.network.ForwardPass;
import dev.tartan.network.Initializers;
import dev.tartan.network.Network;
import dev.tartan.network.Param;
import dev.tartan.op.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A linear classifier of inputs from which it takes their running mean, with dropout. */
final class CenteredNet extends Network {
    static final int INPUTS = 3;
    static final int CLASSES = 4;

    private final Param mean = state("mean", shape(INPUTS), Initializers.zeros());
    private final Param weight = param("weight", shape(INPUTS, CLASSES), Initializers.lecunNormal());
    private final Param ofLoss = param("ofLoss", shape(INPUTS, 1), Initializers.lecunNormal());

    @Override
    public List<BatchField> batchFields() {
        return List.of(
                BatchField.floats("x", INPUTS),
                BatchField.ints("y").below(CLASSES),
                BatchField.floats("shift").optionally());
    }

    private Tensor scores(Map<String, Tensor> batch, ForwardPass pass) {
        Tensor x = field(batch, "x");
        pass.update(mean, x.mean(0, false));
        return pass.dropout(x.sub(mean), 0.5).matmul(weight);
    }

    @Override
    public Tensor loss(Map<String, Tensor> batch, ForwardPass pass) {
        return pass.mean(scores(batch, pass).crossEntropy(field(batch, "y")))
                .add(pass.mean(field(batch, "x").matmul(ofLoss).square()));
    }

    @Override
    public Map<String, Tensor> outputs(Map<String, Tensor> batch, ForwardPass pass) {
        Tensor scores = scores(batch, pass);
        Map<String, Tensor> outputs = new LinkedHashMap<>();
        outputs.put("scores", scores);
        outputs.put("losses", scores.crossEntropy(field(batch, "y")));
        outputs.put("wholeBatch", pass.mean(scores));
        outputs.put("labels", field(batch, "y"));
        return outputs;
    }
}
