package dev.tartan.train.graph;

import dev.tartan.autodiff.Gradients;
import dev.tartan.graph.DType;
import dev.tartan.graph.GraphBuilder;
import dev.tartan.graph.Node;
import dev.tartan.graph.Origin;
import dev.tartan.graph.Phase;
import dev.tartan.graph.TensorType;
import dev.tartan.graph.TrainedValues;
import dev.tartan.graph.Value;
import dev.tartan.mesh.NamedSharding;
import dev.tartan.mesh.PartitionSpec;
import dev.tartan.mesh.Shape;
import dev.tartan.mesh.StorageLayout;
import dev.tartan.network.BatchField;
import dev.tartan.network.ForwardPass;
import dev.tartan.network.Network;
import dev.tartan.network.Param;
import dev.tartan.op.AddN;
import dev.tartan.op.Deposit;
import dev.tartan.op.Fetch;
import dev.tartan.op.Tensor;
import dev.tartan.optimizer.ClipGlobalNorm;
import dev.tartan.optimizer.GlobalNorm;
import dev.tartan.optimizer.Optimizer;
import dev.tartan.train.config.PrecisionPolicy;
import dev.tartan.train.config.StrategyConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Builds one {@link TrainStepGraph}. Used once. */
final class TrainStepTracer {
    /** 32 TiB, more than the host memory of any machine that runs a device. */
    private static final long MAX_STATE_BYTES = 1L << 45;

    private final Network network;
    private final Optimizer optimizer;
    private final ClipGlobalNorm clip;
    private final StepOptions options;
    private final GraphBuilder graph = new GraphBuilder("train_step");
    private final ParameterInputs parameters;
    private final LossScaling scaling;
    private final Map<Param, List<Tensor>> optimizerStates = new LinkedHashMap<>();
    private final Set<Value> gradientValues = new LinkedHashSet<>();
    private final List<StateBinding> states = new ArrayList<>();
    private final Map<String, Value> outputs = new LinkedHashMap<>();

    TrainStepTracer(Network network, Optimizer optimizer, ClipGlobalNorm clip, StepOptions options) {
        this.network = network;
        this.optimizer = optimizer;
        this.clip = clip;
        this.options = options;
        this.parameters = new ParameterInputs(graph, network, options);
        this.scaling = new LossScaling(graph, options.precision());
    }

    TrainStepGraph trace() {
        bindStates();
        checkStateBytes();
        Tensor step = Tensor.input(graph, "step", new TensorType(DType.INT32, Shape.shape()));
        BatchInputs batch = new BatchInputs(graph, network, options);
        TracedStrategy strategy = new TracedStrategy(options);
        ForwardPass pass = strategy.forwardPass(step);
        List<Param> params = trained();
        MicroBatchMean losses = new MicroBatchMean(options.microBatches());
        Map<String, MicroBatchMean> reports = new LinkedHashMap<>();
        List<Tensor> gradients = List.of();
        for (int k = 0; k < options.microBatches(); k++) {
            pass.begin(batch.weights(k));
            Tensor loss = network.loss(batch.fields(k), pass);
            strategy.check(network, pass);
            pass.takeUpdates().forEach(parameters::update);
            Tensor share = losses.add(loss, pass.divisor(loss));
            pass.reports()
                    .forEach((name, value) -> reports.computeIfAbsent(
                                    name, absent -> new MicroBatchMean(options.microBatches()))
                            .add(value, pass.divisor(value)));
            // Right after its forward pass, so that the activations of one micro-batch live at a time.
            List<Tensor> inputs =
                    params.stream().map(parameters::differentiated).toList();
            gradients = accumulate(params, gradients, recorded(gradients(share, inputs, strategy)));
        }
        replaceUpdatedStates();
        List<Tensor> total = gradients;
        graph.inOrigin(Origin.of(Phase.UPDATE), () -> {
            Tensor loss = losses.total();
            outputs.put(TrainStepGraph.LOSS, loss.value());
            reports.forEach((name, mean) ->
                    outputs.put(TrainStepGraph.reportLabel(name), mean.total().value()));
            update(step, params, total, scaling.unscaling(losses.scale(), loss), loss);
            return total;
        });
        TrainStepGraph traced = new TrainStepGraph(
                graph.build(outputs),
                states,
                step.value(),
                batch.bindings(),
                trainedValues(),
                gradientBytes(),
                parameters.notes);
        PrecisionPolicy precision = options.precision();
        return precision.isUniform() ? traced : traced.in(precision, parameters.values(), scaling.seeds());
    }

    private List<Tensor> gradients(Tensor loss, List<Tensor> inputs, TracedStrategy strategy) {
        return Gradients.of(loss, () -> scaling.seed(loss), inputs, strategy.keptValues());
    }

    /**
     * Before anything is traced, because that takes long in the very runs that this refuses.
     *
     * @throws IllegalArgumentException if what lives from step to step is more than a device can have
     */
    private void checkStateBytes() {
        double bytes = 0;
        StateBinding largest = states.isEmpty() ? null : states.get(0);
        double largestBytes = 0;
        for (StateBinding state : states) {
            Shape local = NamedSharding.of(options.mesh(), state.spec()).localShape(state.shape());
            double own = state.input().type().withShape(local).bytes();
            bytes += own;
            if (own > largestBytes) {
                largest = state;
                largestBytes = own;
            }
        }
        if (bytes > MAX_STATE_BYTES && largest != null) {
            throw new IllegalArgumentException("parameters and optimizer state are larger than any device could hold:"
                    + " bytesPerDevice=" + (long) bytes + ", limit=" + MAX_STATE_BYTES + ", parameters="
                    + parameters.tensors.size() + ", largest='" + largest.name() + "' " + largest.shape()
                    + ". Lower network.*, or split it over more devices (mesh.*, strategy.zero).");
        }
    }

    private TrainedValues trainedValues() {
        Set<Value> kept = new LinkedHashSet<>();
        Set<Value> updates = new LinkedHashSet<>();
        for (StateBinding state : states) {
            if (state.kind() == StateBinding.Kind.PARAMETER) {
                kept.add(state.input());
            }
            Value update = outputs.get(TrainStepGraph.newLabel(state.name()));
            if (update != null) {
                updates.add(update);
            }
        }
        return new TrainedValues(kept, gradientValues, updates);
    }

    private long gradientBytes() {
        return trained().stream()
                .map(param -> parameters.layouts(param).gradient())
                .mapToLong(layout -> NamedSharding.of(options.mesh(), layout.storedSpec())
                                .localShape(layout.stored())
                                .numElements()
                        * options.precision().reduce().bytes())
                .sum();
    }

    private void bindStates() {
        parameters.tensors.forEach((param, tensor) ->
                bind(param.name(), tensor, param, parameters.layouts(param).parameter(), StateBinding.kindOf(param)));
        trained().forEach(param -> {
            StorageLayout layout = parameters.layouts(param).state();
            List<Tensor> state = new ArrayList<>();
            for (String suffix : optimizer.stateNames(param)) {
                String name = param.name() + "." + suffix;
                StorageLayout own = layout.along(
                        optimizer.stateDims(suffix, param, param.shape().numDims()));
                Tensor input = Tensor.input(
                        graph, name, new TensorType(options.precision().master(), own.stored()));
                state.add(input);
                states.add(StateBinding.ofOptimizer(
                        name, input.value(), param, own, optimizer.initialState(suffix, param)));
            }
            optimizerStates.put(param, state);
        });
        states.addAll(scaling.bindings());
    }

    private void bind(String name, Tensor tensor, Param param, StorageLayout layout, StateBinding.Kind kind) {
        String label = kind == StateBinding.Kind.PARAMETER ? TrainStepGraph.newLabel(name) : null;
        states.add(new StateBinding(name, tensor.value(), label, param, layout, kind));
    }

    /** The parameters that have a gradient. */
    private List<Param> trained() {
        List<Param> trained =
                parameters.tensors.keySet().stream().filter(Param::isTrained).toList();
        if (trained.isEmpty()) {
            throw new IllegalArgumentException("network has no parameter to train: network="
                    + network.getClass().getSimpleName() + ", tensors=" + parameters.tensors.size()
                    + ". Leave one unfrozen that is no state.");
        }
        return trained;
    }

    private void replaceUpdatedStates() {
        states.replaceAll(state -> {
            boolean isUpdated = state.kind() == StateBinding.Kind.STATE && currentValue(state) != state.input();
            return isUpdated ? state.replacedBy(TrainStepGraph.newLabel(state.name())) : state;
        });
        states.stream()
                .filter(state -> state.kind() == StateBinding.Kind.STATE && state.outputLabel() != null)
                .forEach(state -> outputs.put(TrainStepGraph.newLabel(state.name()), currentValue(state)));
    }

    private Value currentValue(StateBinding state) {
        return parameters.currentValue(state.ownParam());
    }

    private List<Tensor> recorded(List<Tensor> gradients) {
        gradients.forEach(gradient -> record(gradient.value()));
        return gradients;
    }

    /** A gradient that is sent to where it is kept as it comes about was one before. */
    private void record(Value gradient) {
        gradientValues.add(gradient);
        Node producer = gradient.producer();
        if (producer != null && (producer.op() instanceof Deposit || producer.op() instanceof AddN)) {
            producer.operands().forEach(this::record);
        }
    }

    private List<Tensor> accumulate(List<Param> params, List<Tensor> running, List<Tensor> more) {
        if (running.isEmpty()) {
            return more;
        }
        List<Tensor> sums = new ArrayList<>();
        for (int i = 0; i < more.size(); i++) {
            List<Tensor> both = List.of(running.get(i), more.get(i));
            sums.add(graph.inOrigin(params.get(i).module().origin(Phase.BACKWARD), () -> Tensor.sumOf(both)));
        }
        return recorded(sums);
    }

    private void update(Tensor step, List<Param> params, List<Tensor> total, @Nullable Tensor scale, Tensor loss) {
        List<Tensor> gradients = new ArrayList<>();
        for (int i = 0; i < params.size(); i++) {
            Param param = params.get(i);
            Tensor whole = total.get(i);
            Tensor gradient = graph.inOrigin(param.module().origin(Phase.UPDATE), () -> {
                Tensor unscaled = scattered(param, whole);
                return scale == null ? unscaled : unscaled.mul(scale);
            });
            gradients.add(gradient);
            if (options.gradientOutputs()) {
                ZeroLayouts kept = parameters.layouts(param);
                boolean asParameter = kept.parameter().equals(kept.state());
                Tensor scaled = asParameter ? gradient : scale == null ? whole : whole.mul(scale);
                outputs.put(TrainStepGraph.gradientLabel(param.name()), scaled.value());
            }
        }
        scaling.report(outputs);
        List<Tensor> squares = GlobalNorm.sumsOfSquares(gradients);
        reduceNumbers();
        Tensor norm = GlobalNorm.ofSums(squares);
        outputs.put(TrainStepGraph.GRAD_NORM, norm.value());
        boolean skips = options.skipsNonFinite() || scaling.isDynamic();
        SkippedUpdates skipped = skips ? new SkippedUpdates(loss, norm) : null;
        Optimizer.Updates updates = optimizer.begin(step, options.precision().master());
        List<Tensor> clipped = prepared(updates, params, clip.apply(gradients, norm));
        for (int i = 0; i < params.size(); i++) {
            Param param = params.get(i);
            Tensor value = parameters.tensor(param);
            Tensor gradient = clipped.get(i);
            graph.inOrigin(param.module().origin(Phase.UPDATE), () -> update(updates, param, value, gradient, skipped));
        }
        if (skipped != null) {
            guardNetworkStates(skipped);
            scaling.update(skipped, outputs);
        }
    }

    /**
     * Gives all ranks the loss and what is reported here, not at the end, so that updates begin when nothing is waited
     * for any more, unless they themselves communicate: a rank whose peers are lost then has whole states, of before
     * the step or of after it. Before the norm, since that is the last thing for which ranks that hold different parts
     * of a replica wait for each other: they all go on to their updates, or none does.
     */
    private void reduceNumbers() {
        outputs.replaceAll((label, value) -> {
            PartitionSpec whole = PartitionSpec.replicated(value.type().numDims());
            boolean isNumber = label.equals(TrainStepGraph.LOSS) || TrainStepGraph.isReport(label);
            return isNumber ? Tensor.of(graph, value).sharded(whole).value() : value;
        });
    }

    private List<Tensor> prepared(Optimizer.Updates updates, List<Param> params, List<Tensor> gradients) {
        List<StateBinding> updated = states.stream()
                .filter(state -> state.kind() == StateBinding.Kind.STATE && state.outputLabel() != null)
                .toList();
        Optimizer.Prepared prepared = updates.prepare(
                params,
                gradients,
                updated.stream()
                        .map(state -> new Optimizer.StateUpdate(
                                state.ownParam(),
                                Tensor.of(graph, state.input()),
                                Tensor.of(graph, currentValue(state))))
                        .toList());
        for (int i = 0; i < updated.size(); i++) {
            outputs.put(
                    TrainStepGraph.newLabel(updated.get(i).name()),
                    prepared.states().get(i).value());
        }
        return prepared.gradients();
    }

    private void guardNetworkStates(SkippedUpdates skipped) {
        for (StateBinding state : states) {
            String label = state.outputLabel();
            if (label != null && state.kind() == StateBinding.Kind.STATE) {
                outputs.computeIfPresent(
                        label,
                        (same, updated) -> skipped.guard(Tensor.of(graph, updated), Tensor.of(graph, state.input()))
                                .value());
            }
        }
    }

    private static Tensor guarded(@Nullable SkippedUpdates skipped, Tensor updated, Tensor before) {
        return skipped == null ? updated : skipped.guard(updated, before);
    }

    private Tensor update(
            Optimizer.Updates updates, Param param, Tensor value, Tensor gradient, @Nullable SkippedUpdates skipped) {
        List<Tensor> state = optimizerStates.getOrDefault(param, List.of());
        Tensor before = deposited(param, value);
        Optimizer.Updated updated = updates.update(param, before, gradient, state);
        Tensor kept = fetched(param, guarded(skipped, updated.value(), before));
        outputs.put(TrainStepGraph.newLabel(param.name()), kept.value());
        for (int k = 0; k < state.size(); k++) {
            String name = param.name() + "." + optimizer.stateNames(param).get(k);
            Tensor stateAfter = guarded(skipped, updated.state().get(k), state.get(k));
            outputs.put(TrainStepGraph.newLabel(name), stateAfter.value());
        }
        return kept;
    }

    /** A gradient where optimizer state is kept; one of a parameter as it is kept is there already. */
    private Tensor scattered(Param param, Tensor gradient) {
        StorageLayout state = parameters.layouts(param).state();
        boolean isThere = state.isAsUsed() || options.strategy().zero() == StrategyConfig.MAX_ZERO;
        return isThere ? gradient : gradient.apply(new Deposit(state)).get(0);
    }

    /** A parameter as it is kept, laid out as its optimizer state. */
    private Tensor deposited(Param param, Tensor value) {
        ZeroLayouts kept = parameters.layouts(param);
        return kept.state().equals(kept.parameter())
                ? value
                : value.apply(new Deposit(kept.state())).get(0);
    }

    /** The reverse of {@link #deposited}. */
    private Tensor fetched(Param param, Tensor value) {
        ZeroLayouts kept = parameters.layouts(param);
        return kept.state().equals(kept.parameter())
                ? value
                : value.apply(new Fetch(kept.state())).get(0);
    }

    /** A shape with more dims before those of {@code shape}. */
    static Shape before(Shape shape, long... leading) {
        long[] dims = Arrays.copyOf(leading, leading.length + shape.numDims());
        System.arraycopy(shape.dims(), 0, dims, leading.length, shape.numDims());
        return Shape.shape(dims);
    }

    /** The type of a batch field in a graph whose floats are {@code floats}. */
    static TensorType fieldType(BatchField field, DType floats, long... leading) {
        return new TensorType(
                field.dtype().isFloating() ? floats : field.dtype(), before(field.sampleShape(), leading));
    }
}
