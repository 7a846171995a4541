package dev.tartan.samediff;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.nd4j.autodiff.loss.LossReduce;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.Conv1DConfig;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.Conv2DConfig;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.DeConv2DConfig;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.PaddingMode;
import org.nd4j.linalg.api.ops.impl.layers.convolution.config.Pooling2DConfig;
import org.nd4j.linalg.api.ops.impl.layers.recurrent.config.LSTMActivations;
import org.nd4j.linalg.api.ops.impl.layers.recurrent.config.LSTMDataFormat;
import org.nd4j.linalg.api.ops.impl.layers.recurrent.config.LSTMDirectionMode;
import org.nd4j.linalg.api.ops.impl.layers.recurrent.config.LSTMLayerConfig;
import org.nd4j.linalg.api.ops.impl.layers.recurrent.weights.LSTMLayerWeights;
import org.nd4j.linalg.api.ops.impl.loss.SoftmaxCrossEntropyWithLogitsLoss;

/** Graphs for the ops that are layers, and for losses. */
final class LayerCases {
    private final List<OpCase> cases = new ArrayList<>();

    private LayerCases() {}

    static List<OpCase> all() {
        LayerCases cases = new LayerCases();
        cases.dense();
        cases.attention();
        cases.convolutions();
        cases.pooling();
        cases.recurrent();
        for (LossReduce reduce : LossReduce.values()) {
            cases.losses(reduce);
        }
        return cases.cases;
    }

    private void add(String name, Function<OpCase.Parts, SDVariable> output) {
        cases.add(new OpCase(name, output));
    }

    private void dense() {
        add("linear", p -> p.sd.nn.linear(p.x(3), p.w(3, 2), p.w(2)));
        add("relu layer", p -> p.sd.nn.reluLayer(p.x(3), p.w(3, 2), p.w(2)));
        add("bias add", p -> p.sd.nn.biasAdd(p.x(3), p.w(3), false));
        add("bias add of channels", p -> p.sd.nn.biasAdd(p.x(3, 2, 2), p.w(3), true));
        add("bias add of last", p -> p.sd.nn.biasAdd(p.x(2, 2, 3), p.w(3), false));
        add("layer norm", p -> p.sd.nn.layerNorm(p.x(5), p.w(5), p.w(5), false, 1));
        add("layer norm without bias", p -> p.sd.nn.layerNorm(p.x(2, 5), p.w(5), false, 2));
        add("layer norm of channels", p -> p.sd.nn.layerNorm(p.x(5, 2), p.w(5), p.w(5), true, 1));
        add("batch norm", p -> p.sd.nn.batchNorm(p.x(3, 2, 2), p.w(3), p.sd.math.abs(p.w(3)), p.w(3), p.w(3), 1e-3, 1));
        add(
                "batch norm of last",
                p -> p.sd.nn.batchNorm(p.x(3), p.w(3), p.sd.math.abs(p.w(3)), p.w(3), p.w(3), 1e-3, 1));
        add("attention", p -> p.sd.nn.dotProductAttention(p.x(5, 3), p.x(5, 4), p.x(2, 4), null, true));
        add("attention unscaled", p -> p.sd.nn.dotProductAttention(p.x(5, 3), p.x(5, 4), p.x(2, 4), null, false));
    }

    private void attention() {
        add(
                "attention with mask",
                p -> p.sd.nn.dotProductAttention(
                        p.x(5, 3), p.x(5, 4), p.x(2, 4), p.floats(4).gt(0.1).castTo(DataType.DOUBLE), true));
        add(
                "attention with heads",
                p -> p.sd.nn.dotProductAttention(p.x(2, 5, 3), p.x(2, 5, 4), p.x(2, 6, 4), null, true));
        add(
                "multi head attention",
                p -> p.sd.nn.multiHeadDotProductAttention(
                        p.x(5, 3),
                        p.x(5, 4),
                        p.x(6, 4),
                        p.w(2, 4, 5),
                        p.w(2, 4, 5),
                        p.w(2, 3, 6),
                        p.w(6, 7),
                        null,
                        true));
    }

    private static Conv2DConfig conv(int size, int stride, boolean same, String format) {
        return Conv2DConfig.builder()
                .kH(size)
                .kW(size)
                .sH(stride)
                .sW(stride)
                .dH(1)
                .dW(1)
                .paddingMode(same ? PaddingMode.SAME : PaddingMode.VALID)
                .dataFormat(format)
                .build();
    }

    private void convolutions() {
        add("conv2d", p -> p.sd.cnn.conv2d(p.x(2, 5, 5), p.w(3, 3, 2, 4), p.w(4), conv(3, 2, false, "NCHW")));
        add("conv2d same", p -> p.sd.cnn.conv2d(p.x(2, 5, 5), p.w(3, 3, 2, 4), conv(3, 2, true, "NCHW")));
        add("conv2d nhwc", p -> p.sd.cnn.conv2d(p.x(5, 5, 2), p.w(3, 3, 2, 4), p.w(4), conv(3, 1, true, "NHWC")));
        add(
                "conv2d padded",
                p -> p.sd.cnn.conv2d(
                        p.x(2, 5, 5),
                        p.w(3, 2, 2, 4),
                        Conv2DConfig.builder()
                                .kH(3)
                                .kW(2)
                                .sH(1)
                                .sW(2)
                                .pH(1)
                                .pW(1)
                                .dH(1)
                                .dW(1)
                                .dataFormat("NCHW")
                                .build()));
        add(
                "conv1d",
                p -> p.sd.cnn.conv1d(
                        p.x(2, 7),
                        p.w(3, 2, 4),
                        p.w(4),
                        Conv1DConfig.builder()
                                .k(3)
                                .s(1)
                                .paddingMode(PaddingMode.SAME)
                                .dataFormat("NCW")
                                .build()));
        add(
                "depthwise",
                p -> p.sd.cnn.depthWiseConv2d(p.x(2, 5, 5), p.w(3, 3, 2, 2), p.w(4), conv(3, 1, false, "NCHW")));
        add(
                "separable",
                p -> p.sd.cnn.separableConv2d(
                        p.x(2, 5, 5), p.w(3, 3, 2, 2), p.w(1, 1, 4, 3), p.w(3), conv(3, 1, false, "NCHW")));
        add(
                "deconv2d",
                p -> p.sd.cnn.deconv2d(
                        p.x(2, 3, 3),
                        p.w(3, 3, 4, 2),
                        p.w(4),
                        DeConv2DConfig.builder()
                                .kH(3)
                                .kW(3)
                                .sH(2)
                                .sW(2)
                                .dH(1)
                                .dW(1)
                                .dataFormat("NCHW")
                                .build()));
        add(
                "deconv2d same",
                p -> p.sd.cnn.deconv2d(
                        p.x(2, 3, 3),
                        p.w(3, 3, 4, 2),
                        DeConv2DConfig.builder()
                                .kH(3)
                                .kW(3)
                                .sH(2)
                                .sW(2)
                                .dH(1)
                                .dW(1)
                                .isSameMode(true)
                                .dataFormat("NCHW")
                                .build()));
    }

    private static Pooling2DConfig pool(int size, int stride, boolean same) {
        return Pooling2DConfig.builder()
                .kH(size)
                .kW(size)
                .sH(stride)
                .sW(stride)
                .dH(1)
                .dW(1)
                .paddingMode(same ? PaddingMode.SAME : PaddingMode.VALID)
                .build();
    }

    private void pooling() {
        add("max pooling", p -> p.sd.cnn.maxPooling2d(p.x(2, 5, 5), pool(2, 2, false)));
        add("max pooling same", p -> p.sd.cnn.maxPooling2d(p.x(2, 5, 5), pool(3, 2, true)));
        add("average pooling", p -> p.sd.cnn.avgPooling2d(p.x(2, 5, 5), pool(2, 1, false)));
        add("average pooling same", p -> p.sd.cnn.avgPooling2d(p.x(2, 5, 5), pool(3, 2, true)));
    }

    private void lstm(String name, LSTMDataFormat format, LSTMDirectionMode direction, boolean all) {
        add("lstm " + name, p -> {
            LSTMLayerConfig config = LSTMLayerConfig.builder()
                    .lstmdataformat(format)
                    .directionMode(direction)
                    .gateAct(LSTMActivations.SIGMOID)
                    .cellAct(LSTMActivations.TANH)
                    .outAct(LSTMActivations.TANH)
                    .retFullSequence(true)
                    .retLastC(true)
                    .retLastH(true)
                    .build();
            boolean both = direction == LSTMDirectionMode.BIDIR_SUM || direction == LSTMDirectionMode.BIDIR_CONCAT;
            SDVariable x = format == LSTMDataFormat.NST ? p.x(3, 4) : p.x(4, 3);
            if (format == LSTMDataFormat.TNS) {
                x = x.permute(1, 0, 2);
            }
            LSTMLayerWeights.LSTMLayerWeightsBuilder weights = LSTMLayerWeights.builder()
                    .weights(both ? p.w(2, 3, 8) : p.w(3, 8))
                    .rWeights(both ? p.w(2, 2, 8) : p.w(2, 8))
                    .bias(both ? p.w(2, 8) : p.w(8));
            SDVariable[] out = all
                    ? p.sd.rnn.lstmLayer(
                            x,
                            p.x(2),
                            p.x(2),
                            null,
                            weights.peepholeWeights(p.w(6)).build(),
                            config)
                    : p.sd.rnn.lstmLayer(x, weights.build(), config);
            int steps = format == LSTMDataFormat.NST ? 2 : format == LSTMDataFormat.NTS ? 1 : 0;
            SDVariable sum = out[0].mul(2).sum(steps);
            SDVariable last = out[1].sub(out[2].mul(3));
            if (!both) {
                return sum.add(last);
            }
            return p.sd.concat(1, sum, last.sum(0));
        });
    }

    private void recurrent() {
        lstm("nst", LSTMDataFormat.NST, LSTMDirectionMode.FWD, false);
        lstm("nts", LSTMDataFormat.NTS, LSTMDirectionMode.FWD, false);
        lstm("tns", LSTMDataFormat.TNS, LSTMDirectionMode.FWD, false);
        lstm("nst backwards", LSTMDataFormat.NST, LSTMDirectionMode.BWD, false);
        lstm("with states and peepholes", LSTMDataFormat.NTS, LSTMDirectionMode.FWD, true);
        lstm("backwards with states and peepholes", LSTMDataFormat.NTS, LSTMDirectionMode.BWD, true);
        lstm("sum of both", LSTMDataFormat.NTS, LSTMDirectionMode.BIDIR_SUM, false);
        lstm("both", LSTMDataFormat.NTS, LSTMDirectionMode.BIDIR_CONCAT, false);
        lstm("both nst", LSTMDataFormat.NST, LSTMDirectionMode.BIDIR_CONCAT, false);
    }

    private void losses(LossReduce reduce) {
        String kind = " " + reduce;
        add(
                "absolute difference" + kind,
                p -> p.sd.loss.absoluteDifference(p.floats(3), p.x(3), p.constant(1, 3), reduce));
        add("mean squared error" + kind, p -> p.sd.loss.meanSquaredError(p.floats(3), p.x(3), null, reduce));
        add(
                "mean squared error weighted" + kind,
                p -> p.sd.loss.meanSquaredError(p.floats(3), p.x(3), p.sd.math.abs(p.floats(3)), reduce));
        add("huber" + kind, p -> p.sd.loss.huberLoss(p.floats(3), p.x(3), null, reduce, 0.75));
        add(
                "hinge" + kind,
                p -> p.sd.loss.hingeLoss(
                        p.ints(3).castTo(DataType.DOUBLE).gt(0.5).castTo(DataType.DOUBLE), p.x(3), null, reduce));
        add(
                "log loss" + kind,
                p -> p.sd.loss.logLoss(p.sd.nn.sigmoid(p.floats(3)), p.sd.nn.sigmoid(p.x(3)), null, reduce, 1e-7));
        add("log poisson" + kind, p -> p.sd.loss.logPoisson(p.sd.math.abs(p.floats(3)), p.x(3), null, reduce, false));
        add(
                "log poisson full" + kind,
                p -> p.sd.loss.logPoisson(p.sd.math.abs(p.floats(3)).add(1), p.x(3), null, reduce, true));
        add("cosine distance" + kind, p -> p.sd.loss.cosineDistance(p.floats(3), p.x(3), null, reduce, 1));
        add(
                "sigmoid cross entropy" + kind,
                p -> p.sd.loss.sigmoidCrossEntropy(p.sd.nn.sigmoid(p.floats(3)), p.x(3), null, reduce, 0.125));
        add(
                "softmax cross entropy" + kind,
                p -> p.sd.loss.softmaxCrossEntropy(
                        p.sd.oneHot(p.ints(), 3, -1, 1, 0, DataType.DOUBLE), p.x(3), null, reduce, 0.2));
        add(
                "pairwise squared error" + kind,
                p -> p.sd.loss.meanPairwiseSquaredError(p.floats(3), p.x(3), null, reduce));
        if (reduce == LossReduce.NONE) {
            add("sparse softmax cross entropy", p -> p.sd.loss.sparseSoftmaxCrossEntropy(p.x(3), p.ints()));
            add(
                    "softmax cross entropy with logits",
                    p -> new SoftmaxCrossEntropyWithLogitsLoss(p.sd, p.x(3), p.sd.nn.softmax(p.floats(3)), 1)
                            .outputVariable());
            add("l2 loss", p -> p.sd.loss.l2Loss(p.x(3)));
        }
    }
}
