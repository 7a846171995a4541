package dev.tartan.dl4j;

import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.api.layers.LayerConstraint;
import org.deeplearning4j.nn.conf.BackpropType;
import org.deeplearning4j.nn.conf.InputPreProcessor;
import org.deeplearning4j.nn.conf.dropout.Dropout;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.LayerVertex;
import org.deeplearning4j.nn.conf.graph.StackVertex;
import org.deeplearning4j.nn.conf.graph.UnstackVertex;
import org.deeplearning4j.nn.conf.graph.rnn.DuplicateToTimeSeriesVertex;
import org.deeplearning4j.nn.conf.graph.rnn.LastTimeStepVertex;
import org.deeplearning4j.nn.conf.graph.rnn.ReverseTimeSeriesVertex;
import org.deeplearning4j.nn.conf.layers.ActivationLayer;
import org.deeplearning4j.nn.conf.layers.BaseLayer;
import org.deeplearning4j.nn.conf.layers.BaseOutputLayer;
import org.deeplearning4j.nn.conf.layers.BatchNormalization;
import org.deeplearning4j.nn.conf.layers.CnnLossLayer;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.deeplearning4j.nn.conf.layers.LossLayer;
import org.deeplearning4j.nn.conf.layers.PReLULayer;
import org.deeplearning4j.nn.conf.layers.RnnLossLayer;
import org.deeplearning4j.nn.conf.layers.misc.FrozenLayer;
import org.deeplearning4j.nn.conf.layers.objdetect.Yolo2OutputLayer;
import org.deeplearning4j.nn.conf.layers.recurrent.Bidirectional;
import org.deeplearning4j.nn.conf.layers.wrapper.BaseWrapperLayer;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.activations.IActivation;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.learning.regularization.L1Regularization;
import org.nd4j.linalg.learning.regularization.L2Regularization;
import org.nd4j.linalg.learning.regularization.Regularization;
import org.nd4j.linalg.learning.regularization.WeightDecay;
import org.nd4j.linalg.lossfunctions.ILossFunction;
import org.nd4j.linalg.schedule.FixedSchedule;
import org.nd4j.linalg.schedule.ISchedule;

/** Collects what a configuration has that is not known here, to refuse it all at once. Not thread-safe. */
final class KnownParts {
    private final List<String> mistakes = new ArrayList<>();

    void throwIfAny() {
        throwIfAny("DL4J network", "DL4J");
    }

    /** Refuses {@code subject}, which {@code other} could train. */
    void throwIfAny(String subject, String other) {
        if (!mistakes.isEmpty()) {
            throw new IllegalArgumentException(subject + " cannot be trained by Tartan: " + String.join("; ", mistakes)
                    + ". Change these, or train it with " + other + ".");
        }
    }

    /** Refuses a layer or vertex, or something of it. */
    void refuse(String node, String what) {
        mistakes.add("'" + node + "': " + what);
    }

    void checkBackprop(BackpropType type, int forward, int back) {
        if (type == BackpropType.TruncatedBPTT && forward != back) {
            mistakes.add("truncated backpropagation of different lengths: forward=" + forward + ", back=" + back);
        }
    }

    /** These see steps of other parts, or have other numbers of rows than there are states for. */
    void checkTruncated(String node, GraphVertex vertex) {
        if (vertex instanceof LayerVertex layer) {
            checkTruncated(node, layer.getLayerConf().getLayer());
        } else if (vertex instanceof LastTimeStepVertex
                || vertex instanceof DuplicateToTimeSeriesVertex
                || vertex instanceof ReverseTimeSeriesVertex
                || vertex instanceof StackVertex
                || vertex instanceof UnstackVertex) {
            refuse(node, vertex.getClass().getSimpleName() + " with truncated backpropagation");
        }
    }

    /** Truncated backpropagation goes on where it was, which these cannot. */
    void checkTruncated(String node, Layer layer) {
        if (layer instanceof Bidirectional || layer instanceof BaseWrapperLayer) {
            refuse(node, layer.getClass().getSimpleName() + " with truncated backpropagation");
        }
    }

    void check(String node, GraphVertex vertex) {
        if (vertex instanceof LayerVertex layer) {
            check(node, layer.getLayerConf().getLayer());
            if (layer.getPreProcessor() != null) {
                check(node, layer.getPreProcessor());
            }
            return;
        }
        String unknown = ImportVertices.unknown(vertex);
        if (unknown != null) {
            refuse(node, unknown);
        }
    }

    void check(String node, InputPreProcessor processor) {
        String unknown = Preprocessors.unknown(processor);
        if (unknown != null) {
            refuse(node, unknown);
        }
    }

    void check(String node, Layer layer) {
        String name = layer.getClass().getSimpleName();
        if (!ImportLayers.isKnown(layer)) {
            refuse(node, "layer " + name);
            return;
        }
        String unknown = LayerSettings.unknown(layer);
        if (unknown != null) {
            refuse(node, name + " with " + unknown);
        }
        if (layer.getIDropout() != null && !isKnown(layer.getIDropout())) {
            refuse(node, "dropout " + layer.getIDropout().getClass().getSimpleName());
        }
        if (layer.getConstraints() != null) {
            for (LayerConstraint constraint : layer.getConstraints()) {
                if (!Constraints.isKnown(constraint)) {
                    refuse(node, "constraint " + constraint.getClass().getSimpleName());
                }
            }
        }
        IActivation activation = activation(layer);
        if (activation != null && !Activations.isKnown(activation)) {
            refuse(node, "activation " + activation);
        }
        losses(layer).stream()
                .filter(loss -> !Losses.isKnown(loss))
                .forEach(loss -> refuse(node, "loss " + loss.getClass().getSimpleName()));
        if (layer instanceof BaseLayer base) {
            checkUpdates(node, base);
        } else if (layer instanceof Bidirectional both) {
            check(node, both.getFwd());
            check(node, both.getBwd());
        } else if (layer instanceof BaseWrapperLayer wrapper) {
            check(node, wrapper.getUnderlying());
        } else if (layer instanceof FrozenLayer frozen) {
            check(node, frozen.getLayer());
        }
    }

    private static boolean isKnown(Object dropout) {
        return dropout instanceof Dropout d && d.getPSchedule() == null;
    }

    private static @Nullable IActivation activation(Layer layer) {
        if (layer instanceof BatchNormalization || layer instanceof PReLULayer) {
            return null;
        }
        if (layer instanceof ActivationLayer a) {
            return a.getActivationFn();
        }
        return layer instanceof BaseLayer base ? base.getActivationFn() : null;
    }

    private static List<ILossFunction> losses(Layer layer) {
        if (layer instanceof BaseOutputLayer output) {
            return List.of(output.getLossFn());
        } else if (layer instanceof LossLayer output) {
            return List.of(output.getLossFn());
        } else if (layer instanceof RnnLossLayer output) {
            return List.of(output.getLossFn());
        } else if (layer instanceof Yolo2OutputLayer output) {
            return List.of(output.getLossPositionScale(), output.getLossClassPredictions());
        }
        return layer instanceof CnnLossLayer output ? List.of(output.getLossFn()) : List.of();
    }

    private void checkUpdates(String node, BaseLayer layer) {
        if (layer.getWeightNoise() != null) {
            refuse(node, "weight noise " + layer.getWeightNoise().getClass().getSimpleName());
        }
        updaters(layer).forEach(updater -> checkUpdater(node, updater));
        checkRegularization(node, layer.getRegularization());
        checkRegularization(node, layer.getRegularizationBias());
    }

    /** Checks a rule that is not a layer's. */
    void checkUpdates(String node, IUpdater updater, List<Regularization> regularization) {
        checkUpdater(node, updater);
        checkRegularization(node, regularization);
    }

    private void checkUpdater(String node, IUpdater updater) {
        if (UpdaterFormulas.stateNames(updater) == null) {
            refuse(node, "updater " + updater.getClass().getSimpleName());
            return;
        }
        checkSchedule(node, UpdaterFormulas.rateSchedule(updater));
        if (updater instanceof Nesterovs nesterovs) {
            checkSchedule(node, nesterovs.getMomentumISchedule());
        }
    }

    private static List<IUpdater> updaters(BaseLayer layer) {
        List<IUpdater> updaters = new ArrayList<>();
        if (layer.getIUpdater() != null) {
            updaters.add(layer.getIUpdater());
        }
        if (layer.getBiasUpdater() != null) {
            updaters.add(layer.getBiasUpdater());
        }
        return updaters;
    }

    private void checkSchedule(String node, @Nullable ISchedule schedule) {
        if (schedule != null && !ScheduledValue.isKnown(schedule)) {
            refuse(node, "schedule " + schedule.getClass().getSimpleName());
        }
    }

    private void checkRegularization(String node, @Nullable List<Regularization> all) {
        if (all == null) {
            return;
        }
        for (Regularization r : all) {
            ISchedule coefficient = coefficient(r);
            if (!(coefficient instanceof FixedSchedule)) {
                refuse(
                        node,
                        "regularization " + r.getClass().getSimpleName() + " that is not a fixed number of l1, l2"
                                + " or weight decay");
            }
        }
    }

    /** The coefficient of a regularization that is known, else null. */
    static @Nullable ISchedule coefficient(Regularization r) {
        if (r instanceof L1Regularization l1) {
            return l1.getL1();
        } else if (r instanceof L2Regularization l2) {
            return l2.getL2();
        }
        return r instanceof WeightDecay decay ? decay.getCoeff() : null;
    }
}
