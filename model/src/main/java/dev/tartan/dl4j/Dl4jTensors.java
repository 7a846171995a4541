package dev.tartan.dl4j;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.deeplearning4j.nn.api.Model;
import org.deeplearning4j.nn.api.Updater;
import org.deeplearning4j.nn.graph.ComputationGraph;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.updater.BaseMultiLayerUpdater;
import org.deeplearning4j.nn.updater.UpdaterBlock;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;

/**
 * The parameters and the updater state of a DL4J network under the names that they have in Tartan, as views: what is
 * assigned to one is in the network. Not thread-safe.
 */
public final class Dl4jTensors {
    private final Map<String, INDArray> views = new LinkedHashMap<>();

    private Dl4jTensors() {}

    /**
     * The tensors of a network whose parameters are initialized.
     *
     * @param net a MultiLayerNetwork or ComputationGraph
     * @param network made of its configuration
     * @throws IllegalArgumentException if it is another kind of model, or of another configuration
     */
    public static Dl4jTensors of(Model net, Dl4jNetwork network) {
        Dl4jTensors tensors = new Dl4jTensors();
        Map<String, INDArray> table = net.paramTable();
        BaseMultiLayerUpdater<?> updater = updater(net);
        INDArray state = updater == null ? null : updater.getStateViewArray();
        long origin = net.params().offset();
        Map<String, UpdateRule> rules = network.optimizer().rules();
        network.byDl4jName().forEach((key, param) -> {
            INDArray view = table.get(key);
            if (view == null || view.length() != param.shape().numElements()) {
                throw new IllegalArgumentException("DL4J network is not of this configuration: parameter=" + key
                        + ", expected=" + param.shape() + ", found="
                        + (view == null ? "none" : view.shapeInfoToString())
                        + ". Give the network that the configuration is of.");
            }
            tensors.views.put(param.name(), network.arranged(key, view));
            UpdateRule rule = rules.get(param.name());
            if (updater != null && state != null && rule != null) {
                List<String> names = Objects.requireNonNull(UpdaterFormulas.stateNames(rule.updater()));
                List<INDArray> states = states(names.size(), view, view.offset() - origin, updater, state);
                for (int k = 0; k < states.size(); k++) {
                    tensors.views.put(param.name() + "." + names.get(k), network.arranged(key, states.get(k)));
                }
            }
        });
        return tensors;
    }

    private static @Nullable BaseMultiLayerUpdater<?> updater(Model net) {
        if (net instanceof ComputationGraph graph) {
            return graph.getUpdater();
        } else if (net instanceof MultiLayerNetwork layers) {
            Updater updater = layers.getUpdater();
            return updater instanceof BaseMultiLayerUpdater<?> all ? all : null;
        }
        throw new IllegalArgumentException("model is no network of DL4J's: class="
                + net.getClass().getName() + ". Give a MultiLayerNetwork or a ComputationGraph.");
    }

    /** In a block of alike updaters the first state of all parameters comes first, then the second. */
    private static List<INDArray> states(
            int count, INDArray view, long offset, BaseMultiLayerUpdater<?> updater, INDArray state) {
        INDArray flat = state.reshape(state.length());
        List<INDArray> states = new ArrayList<>();
        for (UpdaterBlock block : updater.getUpdaterBlocks()) {
            if (offset < block.getParamOffsetStart() || offset >= block.getParamOffsetEnd()) {
                continue;
            }
            long length = (long) block.getParamOffsetEnd() - block.getParamOffsetStart();
            for (int k = 0; k < count; k++) {
                long start = block.getUpdaterViewOffsetStart() + k * length + offset - block.getParamOffsetStart();
                INDArray part = flat.get(NDArrayIndex.interval(start, start + view.length()));
                states.add(part.reshape(view.ordering(), view.shape()));
            }
        }
        return states;
    }

    /** Names of all tensors, a parameter's before those of its state. */
    public List<String> names() {
        return Collections.unmodifiableList(new ArrayList<>(views.keySet()));
    }

    /**
     * The tensor in DL4J's shape, in which a bias is a row.
     *
     * @throws IllegalArgumentException if there is none of that name
     */
    public INDArray view(String name) {
        INDArray view = views.get(name);
        if (view == null) {
            throw new IllegalArgumentException("DL4J network has no such tensor: name=" + name + ", tensors="
                    + views.size() + ". Use a name of names().");
        }
        return view;
    }
}
