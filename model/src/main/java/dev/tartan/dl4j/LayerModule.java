package dev.tartan.dl4j;

import dev.tartan.mesh.PartitionSpec;
import dev.tartan.mesh.Shape;
import dev.tartan.network.Initializer;
import dev.tartan.network.Initializers;
import dev.tartan.network.Module;
import dev.tartan.network.Param;
import dev.tartan.op.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.deeplearning4j.nn.conf.layers.Layer;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.ndarray.INDArray;

/** A layer of DL4J as a part of a network; its parameters bear DL4J's names. */
abstract class LayerModule extends Module {
    private static final String MODEL_AXIS = "model";

    private final Layer conf;
    private final Map<String, Param> byKey = new LinkedHashMap<>();

    LayerModule(Layer conf) {
        this.conf = conf;
    }

    /** What the layer makes of its input. */
    abstract Signal call(Signal in, LayerPass pass);

    /** Traces what the layer computes so that it bears the layer's name. */
    final void traced(Tensor x, Supplier<Tensor> body) {
        scoped(x, body);
    }

    /**
     * Lays out the parameters for tensor parallelism, by default not at all: a layer that is given whole features
     * splits those it gives over {@code model}, and one that is given split ones adds up and gives whole ones.
     *
     * @param split whether the features given to the layer are split
     * @return whether those that it gives are
     */
    boolean layOut(boolean split) {
        return split;
    }

    /** Splits a dim of a parameter over {@code model} where that divides it. */
    static void split(@Nullable Param param, int dim) {
        if (param != null) {
            List<@Nullable String> axes =
                    new ArrayList<>(Collections.nCopies(param.shape().numDims(), null));
            axes.set(dim, MODEL_AXIS);
            param.sharded(PartitionSpec.spec(axes.toArray())).replicatedIfIndivisible();
        }
    }

    /** Makes the layer carry its state from step to step, for batches of so many samples; layers without one do not. */
    void carryState(long batch) {}

    /** The layer's configuration. */
    Layer conf() {
        return conf;
    }

    /** A trained parameter. */
    Param weight(String key, Shape shape, Initializer initial) {
        return register(key, param(key, shape, initial));
    }

    /** A trained parameter whose elements begin with one number. */
    Param weight(String key, Shape shape, double value) {
        return weight(key, shape, Initializers.constant(value));
    }

    /** A running statistic. */
    Param statistic(String key, Shape shape, Initializer initial) {
        return register(key, state(key, shape, initial));
    }

    private Param register(String key, Param param) {
        byKey.put(key, param);
        return param;
    }

    /** Takes the parameters of a part of this layer for its own, their names with a prefix, as DL4J has them. */
    <M extends LayerModule> M part(String name, String keyPrefix, M module) {
        child(name, module);
        module.byKey().forEach((key, param) -> byKey.put(keyPrefix + key, param));
        return module;
    }

    /** DL4J's array of a parameter, or of its updater state, with the elements in this parameter's order. */
    INDArray arranged(String key, INDArray array) {
        return array;
    }

    /** The parameter whose regularization DL4J applies to this one. */
    String regularizedAs(String key) {
        return key;
    }

    /** How many elements at the end of a parameter DL4J takes for those of the bias when it regularizes. */
    long takenForBias(String key) {
        return 0;
    }

    /** Parameters and statistics by DL4J's names of them. */
    Map<String, Param> byKey() {
        return Collections.unmodifiableMap(byKey);
    }
}
