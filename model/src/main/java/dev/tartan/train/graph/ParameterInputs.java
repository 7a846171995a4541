package dev.tartan.train.graph;

import dev.tartan.graph.DType;
import dev.tartan.graph.GraphBuilder;
import dev.tartan.graph.Origin;
import dev.tartan.graph.TensorType;
import dev.tartan.graph.Value;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.StorageLayout;
import dev.tartan.network.Module;
import dev.tartan.network.Param;
import dev.tartan.network.ParamLayout;
import dev.tartan.op.Fetch;
import dev.tartan.op.Tensor;
import dev.tartan.train.config.PrecisionPolicy;
import dev.tartan.train.config.StrategyConfig;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * The parameters of a network as inputs of one graph, bound before tracing so that the network sees them as they lie on
 * the mesh, padding included. One that is kept otherwise than it is used is fetched at each use, or at its first use
 * for the whole step.
 */
final class ParameterInputs {
    /** Each has some ten nodes, which take a millisecond to compile. */
    private static final int MAX_PARAMETERS = 200_000;

    /** The inputs: parameters as they are kept. */
    final Map<Param, Tensor> tensors = new LinkedHashMap<>();

    final Map<Param, ZeroLayouts> layouts = new LinkedHashMap<>();
    final List<String> notes = new ArrayList<>();
    private final Map<Param, Value> fetched = new HashMap<>();
    private final Map<Param, Value> current = new HashMap<>();
    private final GraphBuilder graph;
    private final StrategyConfig strategy;

    ParameterInputs(GraphBuilder graph, Module network, StepOptions options) {
        this(graph, network, options.mesh(), options.precision(), options.strategy());
    }

    ParameterInputs(GraphBuilder graph, Module network, Mesh mesh, PrecisionPolicy precision, StrategyConfig strategy) {
        this.graph = graph;
        this.strategy = strategy;
        checkCount(network);
        for (Param param : network.parameters().values()) {
            ParamLayout layout = ParamLayout.of(param, mesh);
            ZeroLayouts kept = ZeroLayouts.of(keeping(param), precision, mesh, layout);
            checkView(param, kept.state());
            layouts.put(param, kept);
            tensors.put(param, bind(param, kept.parameter(), precision.master()));
            if (layout.note() != null) {
                notes.add(layout.note());
            }
        }
    }

    /** The inputs that are parameters as they are kept, without the network's states. */
    Set<Value> values() {
        return tensors.entrySet().stream()
                .filter(entry -> !entry.getKey().isState())
                .map(entry -> entry.getValue().value())
                .collect(Collectors.toUnmodifiableSet());
    }

    /** The value of a state after the updates so far. */
    Value currentValue(Param state) {
        return Objects.requireNonNull(current.get(state), state::name);
    }

    /**
     * From now on uses of {@code state} read {@code value}. Outside of all blocks, so that recomputation takes it as it
     * is, and without a gradient to what the micro-batch before made it of.
     */
    void update(Param state, Tensor value) {
        current.put(
                state,
                graph.inOrigin(
                        Origin.of(graph.origin().phase()),
                        () -> value.stopGradient().value()));
    }

    private static void checkCount(Module network) {
        int count = network.parameters().size();
        if (count > MAX_PARAMETERS) {
            throw new IllegalArgumentException("network has more parameters than can be compiled: network="
                    + network.getClass().getSimpleName() + ", parameters=" + count + ", limit=" + MAX_PARAMETERS
                    + ". Lower the number of its layers.");
        }
    }

    /** Only stage 3 splits what no update is split for, and a state is read where it was updated. */
    private StrategyConfig keeping(Param param) {
        boolean splits = param.isTrained() || (!param.isState() && strategy.zero() == StrategyConfig.MAX_ZERO);
        return splits ? strategy : strategy.withZero(0);
    }

    private Tensor bind(Param param, StorageLayout kept, DType dtype) {
        TensorType type = new TensorType(dtype, kept.stored());
        if (param.isState()) {
            Tensor input = Tensor.input(graph, param.name(), type);
            current.put(param, input.value());
            graph.bindUses(param, () -> currentValue(param));
            return input;
        }
        if (kept.isAsUsed()) {
            return param.bind(graph, type);
        }
        Tensor input = Tensor.input(graph, param.name(), type);
        graph.bindUses(param, () -> fetch(param, input, kept));
        return input;
    }

    private Value fetch(Param param, Tensor input, StorageLayout kept) {
        Supplier<Value> fetch = () -> graph.inOrigin(
                param.module().origin(graph.origin().phase()),
                () -> input.apply(new Fetch(kept)).get(0).value());
        return strategy.gathersAgain() ? fetch.get() : fetched.computeIfAbsent(param, absent -> fetch.get());
    }

    /**
     * What the gradient of a parameter is taken of: the parameter as it is kept, and so scattered each time, at stage 3
     * of ZeRO; else as it is used, and so added up whole over micro-batches.
     */
    Tensor differentiated(Param param) {
        Tensor kept = tensor(param);
        return strategy.zero() == StrategyConfig.MAX_ZERO
                ? kept
                : Tensor.of(graph, param.on(graph).value());
    }

    /** The parameter as it is kept. */
    Tensor tensor(Param param) {
        Tensor tensor = tensors.get(param);
        if (tensor == null) {
            throw new IllegalStateException("parameter is not bound: parameter=" + param.name());
        }
        return tensor;
    }

    private static void checkView(Param param, StorageLayout kept) {
        if (!kept.view().equals(kept.used())
                && kept.used().numElements() != param.shape().numElements()) {
            throw new IllegalArgumentException("parameter '" + param.name()
                    + "' is padded and cannot be split further over mesh axis 'data': " + kept
                    + ". Choose sizes that the axes divide, or strategy.zero=0.");
        }
    }

    ZeroLayouts layouts(Param param) {
        ZeroLayouts kept = layouts.get(param);
        if (kept == null) {
            throw new IllegalStateException("parameter is not bound: parameter=" + param.name());
        }
        return kept;
    }
}
