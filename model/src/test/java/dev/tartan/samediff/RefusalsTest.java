package dev.tartan.samediff;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.TrainingConfig;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.impl.layers.recurrent.config.LSTMActivations;
import org.nd4j.linalg.api.ops.impl.layers.recurrent.config.LSTMDataFormat;
import org.nd4j.linalg.api.ops.impl.layers.recurrent.config.LSTMDirectionMode;
import org.nd4j.linalg.api.ops.impl.layers.recurrent.config.LSTMLayerConfig;
import org.nd4j.linalg.api.ops.impl.layers.recurrent.weights.LSTMLayerWeights;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.learning.config.AdaBelief;
import org.nd4j.linalg.learning.config.Sgd;

/** What is not known is refused before anything starts, by name and all together. */
class RefusalsTest {
    private final SameDiff sd = SameDiff.create();
    private final SDVariable x = sd.placeHolder("x", DataType.FLOAT, -1, 3);
    private final SDVariable w = sd.var("w", Nd4j.rand(DataType.FLOAT, 3, 2));

    private static INDArray rand(long... dims) {
        return Nd4j.rand(DataType.FLOAT, dims);
    }

    private void refused(SDVariable loss, String... parts) {
        assertThatThrownBy(() -> SameDiffNetwork.of(sd, loss.name()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("SameDiff graph cannot be trained by Tartan: ")
                .hasMessageContainingAll(parts)
                .hasMessageEndingWith(". Change these, or train it with SameDiff.");
    }

    @Test
    void unknownOpsAreNamedAllTogether() {
        SDVariable erf = sd.math.erf("erf", x);
        SDVariable sinh = sd.math.sinh("sinh", x.mmul(w));
        refused(
                erf.sum().add(sinh.sum()),
                "op 'erf' of variable 'erf' is not known; ",
                "op 'sinh' of variable 'sinh' is not known");
    }

    @Test
    void controlFlowIsRefused() {
        SDVariable predicate = sd.constant("always", Nd4j.scalar(true));
        SDVariable[] branches = sd.switchOp(new String[] {"no", "yes"}, x.mmul(w), predicate);
        SDVariable merged = sd.merge("merged", branches[0].mul(2), branches[1].mul(3));
        refused(
                merged.sum(),
                "op 'switch' of variable 'no' is not known",
                "op 'merge' of variable 'merged' is not known");
    }

    @Test
    void shapesThatAreComputedAreRefused() {
        SDVariable shape = sd.shape(x).rename("shape");
        refused(x.reshape(shape).mmul(w).sum(), "op 'shape_of' of variable 'shape' is not known");
    }

    @Test
    void shapesThatAreFedAreRefused() {
        SDVariable shape = sd.placeHolder("shape", DataType.INT32, -1);
        SDVariable reshaped = sd.reshape("reshaped", x, shape);
        refused(
                reshaped.mmul(w).sum(),
                "op 'reshape' of variable 'reshaped' has an operand that is no constant, of which the shapes of tensors"
                        + " depend: operand=shape");
    }

    @Test
    void aReshapeThatFixesTheBatchIsRefused() {
        SDVariable fixed = sd.reshape("fixed", x, 32, 3);
        refused(
                fixed.mmul(w).sum(),
                "op 'reshape' of variable 'fixed' has a shape of another number of elements: from=[2, 3], to=[32, 3]."
                        + " A dim of samples must be -1");
    }

    @Test
    void stridesAreRefused() {
        SDVariable every = sd.stridedSlice("every", x, new long[] {0, 0}, new long[] {2, 3}, 1, 2);
        refused(every.sum(), "op 'strided_slice' of variable 'every' has a stride that is not 1: stride=2, dim=1");
    }

    @Test
    void lengthsOfSequencesAreRefused() {
        SDVariable steps = sd.placeHolder("steps", DataType.FLOAT, -1, 4, 3);
        SDVariable lengths = sd.placeHolder("lengths", DataType.FLOAT, -1);
        LSTMLayerConfig config = LSTMLayerConfig.builder()
                .lstmdataformat(LSTMDataFormat.NTS)
                .directionMode(LSTMDirectionMode.FWD)
                .gateAct(LSTMActivations.SIGMOID)
                .cellAct(LSTMActivations.TANH)
                .outAct(LSTMActivations.TANH)
                .retFullSequence(true)
                .build();
        LSTMLayerWeights weights = LSTMLayerWeights.builder()
                .weights(sd.var("W", rand(3, 8)))
                .rWeights(sd.var("R", rand(2, 8)))
                .bias(sd.var("b", rand(8)))
                .build();
        SDVariable[] out = sd.rnn.lstmLayer(new String[] {"lstm"}, steps, null, null, lengths, weights, config);
        refused(out[0].sum(), "op 'lstmLayer' of variable 'lstm' has lengths of sequences. Mask the loss instead");
    }

    @Test
    void activationsAndClippingOfLstmsAreRefused() {
        SDVariable steps = sd.placeHolder("steps", DataType.FLOAT, -1, 4, 3);
        LSTMLayerConfig.LSTMLayerConfigBuilder config = LSTMLayerConfig.builder()
                .lstmdataformat(LSTMDataFormat.NTS)
                .directionMode(LSTMDirectionMode.FWD)
                .retFullSequence(true);
        LSTMLayerWeights weights = LSTMLayerWeights.builder()
                .weights(sd.var("W", rand(3, 8)))
                .rWeights(sd.var("R", rand(2, 8)))
                .bias(sd.var("b", rand(8)))
                .build();
        LSTMLayerConfig affine = config.gateAct(LSTMActivations.AFFINE)
                .cellAct(LSTMActivations.TANH)
                .outAct(LSTMActivations.TANH)
                .build();
        LSTMLayerConfig mixed = config.gateAct(LSTMActivations.SIGMOID)
                .cellAct(LSTMActivations.TANH)
                .outAct(LSTMActivations.RELU)
                .build();
        LSTMLayerConfig clipped =
                config.outAct(LSTMActivations.TANH).cellClip(2).build();
        SDVariable sum = sd.rnn
                .lstmLayer(new String[] {"a"}, steps, null, null, null, weights, affine)[0]
                .sum()
                .add(sd.rnn.lstmLayer(new String[] {"m"}, steps, null, null, null, weights, mixed)[0].sum())
                .add(sd.rnn.lstmLayer(new String[] {"c"}, steps, null, null, null, weights, clipped)[0].sum());
        refused(
                sum,
                "op 'lstmLayer' of variable 'a' has an activation that is not known: activation=3",
                "op 'lstmLayer' of variable 'm' has different activations of cell and output: cell=1, output=0",
                "op 'lstmLayer' of variable 'c' has clipped cells: cellClip=2.0");
    }

    @Test
    void placeholdersWithoutShapesAreRefused() {
        SDVariable any = sd.placeHolder("any", DataType.FLOAT);
        SDVariable open = sd.placeHolder("open", DataType.FLOAT, -1, -1);
        SDVariable scalar = sd.placeHolder("scalar", DataType.FLOAT, new long[0]);
        refused(
                any.sum().add(open.sum()).add(scalar).add(x.mmul(w).sum()),
                "placeholder 'any' has no dims. Give that of a sample by SameDiffOptions.sample",
                "placeholder 'open' has dims of unknown size: shape=[-1, -1]. Give that of a sample by"
                        + " SameDiffOptions.sample",
                "placeholder 'scalar' has no dims. Give");
    }

    @Test
    void aVariableThatTheGraphDoesNotHaveIsRefused() {
        x.mmul("z", w);
        assertThatThrownBy(() -> SameDiffNetwork.of(sd, "los"))
                .hasMessage("SameDiff graph has no such variable: name=los, variables=3. Give the name of one.");
        assertThatThrownBy(() -> SameDiffNetwork.of(sd, List.of(), SameDiffOptions.none()))
                .hasMessage("SameDiff graph has no loss: losses=0. Name its loss variables, as"
                        + " SameDiff.getLossVariables() does.");
    }

    @Test
    void trainingConfigurationsThatAreNotKnownAreRefused() {
        SDVariable loss = x.mmul(w).sum();
        SameDiffNetwork network = SameDiffNetwork.of(sd, loss.name());
        assertThatThrownBy(network::optimizer)
                .hasMessage("SameDiff graph has no training configuration: losses=[" + loss.name()
                        + "]. Set one by setTrainingConfig, or train with another optimizer.");
        sd.setTrainingConfig(TrainingConfig.builder()
                .updater(new AdaBelief())
                .dataSetFeatureMapping("x")
                .markLabelsUnused()
                .build());
        assertThatThrownBy(network::optimizer)
                .hasMessage("SameDiff graph cannot be trained by Tartan: 'training configuration': updater AdaBelief."
                        + " Change these, or train it with SameDiff.");
    }

    @Test
    void tensorsOfAnotherGraphAreRefused() {
        SDVariable loss = x.mmul(w).sum();
        assertThatThrownBy(() -> SameDiffTensors.advance(sd, 2, 1))
                .hasMessage("SameDiff graph has no training configuration: iterations=2. Set one by"
                        + " setTrainingConfig.");
        sd.setTrainingConfig(TrainingConfig.builder()
                .updater(new Sgd(0.1))
                .dataSetFeatureMapping("x")
                .markLabelsUnused()
                .build());
        SameDiffNetwork network = SameDiffNetwork.of(sd, loss.name());
        assertThatThrownBy(() -> SameDiffTensors.of(SameDiff.create(), network))
                .hasMessage("SameDiff graph is not the network's: parameter=w, expected=[3, 2], found=none."
                        + " Give the graph that the network is made of.");
        assertThatThrownBy(() -> SameDiffTensors.of(sd, network).view("v"))
                .hasMessage("SameDiff graph has no such tensor: name=v, tensors=1. Use a name of names().");
    }
}
