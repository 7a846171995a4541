package dev.tartan.samediff;

import dev.tartan.network.Param;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.TrainingConfig;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.learning.GradientUpdater;

/**
 * The variables, constants and updater state of a SameDiff graph under the names that they have in Tartan, as views:
 * what is assigned to one is in the graph, so that {@code fit} and {@code output} go on with it. Not thread-safe.
 */
public final class SameDiffTensors {
    private final Map<String, INDArray> views = new LinkedHashMap<>();

    private SameDiffTensors() {}

    /**
     * The tensors of a graph. Updater state is there if the graph has a training configuration; it is made, as
     * {@code fit} does, if the graph has not been trained yet.
     *
     * @param network made of {@code sd}, or of a copy
     * @throws IllegalArgumentException if the graph lacks a parameter of the network, or has another shape for it
     */
    public static SameDiffTensors of(SameDiff sd, SameDiffNetwork network) {
        SameDiffTensors tensors = new SameDiffTensors();
        if (sd.getTrainingConfig() != null) {
            begin(sd);
        }
        Map<String, GradientUpdater<?>> updaters = updaters(sd);
        for (Param param : network.parameters().values()) {
            String name = param.name();
            SDVariable variable = sd.hasVariable(name) ? sd.getVariable(name) : null;
            INDArray array = variable == null ? null : variable.getArr();
            if (array == null || array.length() != param.shape().numElements()) {
                throw new IllegalArgumentException("SameDiff graph is not the network's: parameter=" + name
                        + ", expected=" + param.shape() + ", found="
                        + (array == null ? "none" : java.util.Arrays.toString(array.shape()))
                        + ". Give the graph that the network is made of.");
            }
            tensors.views.put(name, array);
            GradientUpdater<?> updater = !param.isTrained() ? null : updaters.get(name);
            if (updater != null) {
                tensors.add(name, updater.getState());
            }
        }
        return tensors;
    }

    @SuppressWarnings("rawtypes") // as SameDiff declares them
    private static Map<String, GradientUpdater<?>> updaters(SameDiff sd) {
        Map<String, GradientUpdater<?>> all = new LinkedHashMap<>();
        Map<String, GradientUpdater> given = sd.getUpdaterMap();
        if (given != null) {
            given.forEach(all::put);
        }
        return all;
    }

    private void add(String name, @Nullable Map<String, INDArray> state) {
        if (state != null) {
            state.forEach((key, array) -> views.put(name + "." + key, array));
        }
    }

    /** SameDiff makes its updaters when it is trained first, by a method that is not public. */
    private static void begin(SameDiff sd) {
        if (sd.isInitializedTraining()) {
            return;
        }
        try {
            Method begin = SameDiff.class.getDeclaredMethod("initializeTraining");
            begin.setAccessible(true);
            begin.invoke(sd);
        } catch (NoSuchMethodException | IllegalAccessException | InvocationTargetException e) {
            throw new IllegalStateException(
                    "SameDiff cannot make its updaters: method=initializeTraining."
                            + " Use ND4J 1.0.0-M2.1, or train one batch by SameDiff.fit first.",
                    e);
        }
    }

    /**
     * Tells the graph's training configuration that so many updates and epochs were made, from which schedules and bias
     * corrections go on.
     *
     * @throws IllegalArgumentException if the graph has no training configuration
     */
    public static void advance(SameDiff sd, int iterations, int epochs) {
        TrainingConfig config = sd.getTrainingConfig();
        if (config == null) {
            throw new IllegalArgumentException("SameDiff graph has no training configuration: iterations=" + iterations
                    + ". Set one by setTrainingConfig.");
        }
        config.setIterationCount(config.getIterationCount() + iterations);
        config.setEpochCount(config.getEpochCount() + epochs);
    }

    /** Names of all tensors, a parameter's before those of its state. */
    public List<String> names() {
        return Collections.unmodifiableList(new ArrayList<>(views.keySet()));
    }

    /**
     * The tensor.
     *
     * @throws IllegalArgumentException if there is none of that name
     */
    public INDArray view(String name) {
        INDArray view = views.get(name);
        if (view == null) {
            throw new IllegalArgumentException("SameDiff graph has no such tensor: name=" + name + ", tensors="
                    + views.size() + ". Use a name of names().");
        }
        return view;
    }
}
