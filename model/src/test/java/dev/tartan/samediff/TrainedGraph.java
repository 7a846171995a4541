package dev.tartan.samediff;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.TrainingConfig;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.Conv2DConfig;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.PaddingMode;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.Pooling2DConfig;
import org.nd4j.linalg.api.ops.impl.layers.recurrent.config.LSTMActivations;
import org.nd4j.linalg.api.ops.impl.layers.recurrent.config.LSTMDataFormat;
import org.nd4j.linalg.api.ops.impl.layers.recurrent.config.LSTMDirectionMode;
import org.nd4j.linalg.api.ops.impl.layers.recurrent.config.LSTMLayerConfig;
import org.nd4j.linalg.api.ops.impl.layers.recurrent.weights.LSTMLayerWeights;
import org.nd4j.linalg.dataset.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.learning.config.RmsProp;
import org.nd4j.linalg.learning.config.Sgd;
import org.nd4j.linalg.learning.regularization.L1Regularization;
import org.nd4j.linalg.learning.regularization.L2Regularization;
import org.nd4j.linalg.learning.regularization.Regularization;
import org.nd4j.linalg.learning.regularization.WeightDecay;

/** A small graph of one kind with its training configuration, and batches for it. */
final class TrainedGraph {
    static final int BATCH = 4;
    private static final int STEPS = 7;
    private static final int TOKENS = 11;

    final SameDiff sd = SameDiff.create();
    private final List<String> features = new ArrayList<>();
    private int count;

    private TrainedGraph() {}

    static TrainedGraph of(String kind) {
        TrainedGraph graph = new TrainedGraph();
        switch (kind) {
            case "mlp" -> graph.mlp();
            case "cnn" -> graph.cnn();
            case "lstm" -> graph.lstm();
            case "attention" -> graph.attention();
            default -> throw new IllegalArgumentException(kind);
        }
        return graph;
    }

    private SDVariable w(String name, long... dims) {
        double scale = 0.5 / Math.sqrt(Math.max(1, dims[0]));
        return sd.var(name, OpCase.Parts.numbers(count++, dims).mul(scale).castTo(DataType.FLOAT));
    }

    private SDVariable input(String name, DataType type, long... dims) {
        features.add(name);
        return sd.placeHolder(name, type, dims);
    }

    private SDVariable label(long... dims) {
        return sd.placeHolder("label", DataType.FLOAT, dims);
    }

    private void train(IUpdater updater, List<Regularization> regularization) {
        sd.setLossVariables("loss");
        sd.setTrainingConfig(new TrainingConfig.Builder()
                .updater(updater)
                .regularization(regularization.toArray(new Regularization[0]))
                .dataSetFeatureMapping(features.toArray(new String[0]))
                .dataSetLabelMapping("label")
                .build());
    }

    private void mlp() {
        SDVariable x = input("input", DataType.FLOAT, -1, 12);
        SDVariable y = label(-1, 3);
        SDVariable h = sd.math.tanh(x.mmul(w("w0", 12, 8)).add(sd.var("b0", Nd4j.zeros(DataType.FLOAT, 1, 8))));
        SDVariable h2 = sd.nn.relu(sd.nn.linear(h, w("w1", 8, 8), w("b1", 8)), 0.0);
        SDVariable z = h2.mmul(w("w2", 8, 3)).add("z", w("b2", 1, 3));
        sd.nn.softmax("softmax", z);
        sd.loss.softmaxCrossEntropy("loss", y, z, null);
        train(new Adam(1e-2), List.of(new L1Regularization(1e-3), new L2Regularization(1e-2)));
    }

    private void cnn() {
        SDVariable in = input("input", DataType.FLOAT, -1, 144);
        SDVariable label = label(-1, 5);
        SDVariable r = in.reshape(-1, 1, 12, 12);
        Conv2DConfig conv = Conv2DConfig.builder()
                .kH(3)
                .kW(3)
                .sH(1)
                .sW(1)
                .dataFormat("NCHW")
                .build();
        SDVariable c = sd.cnn().conv2d(r, w("w0", 3, 3, 1, 4), sd.var("b0", Nd4j.zeros(DataType.FLOAT, 4)), conv);
        Pooling2DConfig valid =
                Pooling2DConfig.builder().kH(2).kW(2).sH(2).sW(2).build();
        SDVariable m = sd.cnn().maxPooling2d(c, valid);
        Pooling2DConfig same = Pooling2DConfig.builder()
                .kH(2)
                .kW(2)
                .sH(2)
                .sW(2)
                .paddingMode(PaddingMode.SAME)
                .build();
        SDVariable av = sd.cnn().avgPooling2d(sd.nn.relu(m, 0), same);
        SDVariable f = av.reshape(-1, 4 * 3 * 3);
        SDVariable z = sd.nn.linear("z", f, w("w", 36, 5), sd.var("b", Nd4j.zeros(DataType.FLOAT, 5)));
        sd.loss.logLoss("loss", label, sd.nn.softmax(z));
        train(new Nesterovs(0.05, 0.9), List.of(new WeightDecay(1e-2, true)));
    }

    private void lstm() {
        SDVariable in = input("input", DataType.FLOAT, -1, 5, STEPS);
        SDVariable label = label(-1, 2);
        LSTMLayerConfig config = LSTMLayerConfig.builder()
                .lstmdataformat(LSTMDataFormat.NST)
                .directionMode(LSTMDirectionMode.FWD)
                .gateAct(LSTMActivations.SIGMOID)
                .cellAct(LSTMActivations.TANH)
                .outAct(LSTMActivations.TANH)
                .retFullSequence(true)
                .build();
        LSTMLayerWeights weights = LSTMLayerWeights.builder()
                .weights(w("W", 5, 24))
                .rWeights(w("R", 6, 24))
                .bias(w("b", 24))
                .build();
        SDVariable last = sd.rnn.lstmLayer(in, weights, config)[0].mean(2);
        SDVariable z = sd.nn.linear("z", last, w("w", 6, 2), sd.var("bb", Nd4j.zeros(DataType.FLOAT, 2)));
        sd.loss.softmaxCrossEntropy("loss", label, z, null);
        train(new RmsProp(1e-2), List.of());
    }

    /** SameDiff's products take batches on both sides, so matrices are applied to rows of all samples. */
    private SDVariable rows(SDVariable x, SDVariable matrix, int in, int out) {
        return x.reshape(-1, in).mmul(matrix).reshape(-1, STEPS, out);
    }

    private void attention() {
        SDVariable ids = input("ids", DataType.INT32, -1, STEPS);
        SDVariable label = label(-1, STEPS, 11);
        // SameDiff's fit fails at the gradient of gather.
        SDVariable e = rows(sd.oneHot(ids, TOKENS, -1, 1, 0, DataType.FLOAT), w("emb", TOKENS, 8), TOKENS, 8);
        SDVariable n = sd.nn.layerNorm(
                e, sd.var("g", Nd4j.ones(DataType.FLOAT, 8)), sd.var("bn", Nd4j.zeros(DataType.FLOAT, 8)), false, 2);
        SDVariable q = rows(n, w("wq", 8, 8), 8, 8);
        SDVariable k = rows(n, w("wk", 8, 8), 8, 8);
        SDVariable v = rows(n, w("wv", 8, 8), 8, 8);
        SDVariable s = sd.mmul(q, k, false, true, false).div(Math.sqrt(8));
        SDVariable att = sd.mmul(sd.nn.softmax(s, -1), v);
        SDVariable dp =
                sd.nn.dotProductAttention(q.permute(0, 2, 1), k.permute(0, 2, 1), v.permute(0, 2, 1), null, true);
        SDVariable g = sd.nn.gelu(e.add(att).add(dp.permute(0, 2, 1)));
        SDVariable z = rows(g, w("head", 8, 11), 8, 11);
        sd.nn.logSoftmax(z).mul(label).neg().mean("loss");
        train(new Sgd(0.5), List.of(new L2Regularization(1e-3)));
    }

    /** The fields of batch {@code number}. */
    Map<String, INDArray> batch(int number) {
        Map<String, INDArray> batch = new LinkedHashMap<>();
        for (String name : features) {
            batch.put(name, field(name, 50 + number));
        }
        INDArray label = Nd4j.zeros(DataType.FLOAT, dims("label"));
        long classes = label.size(-1);
        for (long row = 0; row < label.length() / classes; row++) {
            label.putScalar(row * classes + (row * 5 + number) % classes, 1);
        }
        batch.put("label", label);
        return batch;
    }

    private INDArray field(String name, int seed) {
        INDArray numbers = OpCase.Parts.numbers(seed, dims(name));
        if (sd.getVariable(name).dataType() != DataType.INT32) {
            return numbers.castTo(DataType.FLOAT);
        }
        INDArray ids = Nd4j.create(DataType.INT32, numbers.shape());
        for (long i = 0; i < ids.length(); i++) {
            ids.putScalar(i, (int) ((i * 7 + seed) % TOKENS));
        }
        return ids;
    }

    private long[] dims(String name) {
        long[] dims = sd.getVariable(name).placeholderShape().clone();
        dims[0] = BATCH;
        return dims;
    }

    /** The batch as SameDiff's fit takes it. */
    MultiDataSet dataSet(int number) {
        Map<String, INDArray> batch = batch(number);
        INDArray[] inputs = features.stream().map(batch::get).toArray(INDArray[]::new);
        return new MultiDataSet(inputs, new INDArray[] {batch.get("label")});
    }
}
