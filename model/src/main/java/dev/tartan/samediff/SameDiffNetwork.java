package dev.tartan.samediff;

import dev.tartan.dl4j.Dl4jOptimizer;
import dev.tartan.graph.DType;
import dev.tartan.graph.GraphBuilder;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import dev.tartan.network.BatchField;
import dev.tartan.network.ForwardPass;
import dev.tartan.network.Initializer;
import dev.tartan.network.Network;
import dev.tartan.network.Param;
import dev.tartan.op.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.TrainingConfig;
import org.nd4j.autodiff.samediff.VariableType;
import org.nd4j.autodiff.samediff.internal.SameDiffOp;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A graph of SameDiff as a network of Tartan. {@link #optimizer} is what its training configuration says about updates.
 *
 * <p>A batch has a field for each placeholder that the loss needs, by its name; the first dim is that of samples.
 * Variables of floating type that the loss needs are parameters by their names, and constants whose elements differ are
 * frozen ones. Initial values are those that the graph has, as floats; {@link SameDiffTensors} has them in full.
 *
 * <p>The loss is the sum of the loss variables, as in {@code SameDiff.fit}. Where it is a mean, samples count by their
 * weights. A loss that is a sum over samples is the mean of the sums of micro-batches, so it needs one micro-batch. The
 * network reports {@code score}: the loss and what l1, l2 and weight decay add, all of what SameDiff's history has.
 */
public final class SameDiffNetwork extends Network {
    /** Samples of the trace that only checks. */
    private static final long CHECKED_BATCH = 2;

    private final SameDiff sd;
    private final List<String> losses;
    private final List<String> outputs;
    private final GraphPlan plan;
    private final LossTerms terms;
    private final boolean correct;
    private final List<BatchField> fields;
    private final Map<String, Param> params = new LinkedHashMap<>();

    private SameDiffNetwork(SameDiff sd, List<String> losses, SameDiffOptions options) {
        this.sd = sd;
        this.losses = List.copyOf(losses);
        plan = GraphPlan.of(sd, losses);
        terms = LossTerms.of(sd, plan, losses);
        correct = options.correct();
        outputs = options.outputs() == null ? outputs(sd, losses) : options.outputs();
        Set<String> all = new LinkedHashSet<>(losses);
        all.addAll(outputs);
        GraphPlan whole = GraphPlan.of(sd, all);
        List<String> refused = new ArrayList<>();
        fields = new SampleFields(plan.leaves(VariableType.PLACEHOLDER), options, refused).all();
        SampleFields seen = new SampleFields(whole.leaves(VariableType.PLACEHOLDER), options, new ArrayList<>());
        for (SDVariable variable : whole.leaves(VariableType.VARIABLE)) {
            declare(variable, refused);
        }
        if (refused.isEmpty()) {
            check(whole, seen, refused);
        }
        if (!refused.isEmpty()) {
            throw new IllegalArgumentException("SameDiff graph cannot be trained by Tartan: "
                    + String.join("; ", refused) + ". Change these, or train it with SameDiff.");
        }
    }

    /**
     * The network that trains one loss variable of a graph.
     *
     * @throws IllegalArgumentException naming all ops, placeholders and variables that are not known
     */
    public static SameDiffNetwork of(SameDiff sd, String lossVariable) {
        return of(sd, List.of(lossVariable), SameDiffOptions.none());
    }

    /**
     * The network that trains the sum of loss variables of a graph.
     *
     * @throws IllegalArgumentException if there are none, or naming all ops, placeholders and variables that are not
     *     known
     */
    public static SameDiffNetwork of(SameDiff sd, List<String> lossVariables, SameDiffOptions options) {
        if (lossVariables.isEmpty()) {
            throw new IllegalArgumentException(
                    "SameDiff graph has no loss: losses=0. Name its loss variables, as SameDiff.getLossVariables() does.");
        }
        return new SameDiffNetwork(sd, lossVariables, options);
    }

    /** What the graph says are its outputs, or what its ops make and none reads; without losses. */
    private static List<String> outputs(SameDiff sd, List<String> losses) {
        List<String> found = new ArrayList<>();
        if (sd.outputs() != null) {
            found.addAll(sd.outputs());
        } else {
            Set<String> read = new HashSet<>();
            sd.getOps()
                    .values()
                    .forEach(op -> read.addAll(op.getInputsToOp() == null ? List.of() : op.getInputsToOp()));
            for (SameDiffOp op : sd.getOps().values()) {
                if (Collections.disjoint(read, op.getOutputsOfOp())) {
                    found.add(op.getOutputsOfOp().get(0));
                }
            }
        }
        found.removeAll(losses);
        found.removeAll(sd.getLossVariables());
        return found;
    }

    private void declare(SDVariable variable, List<String> refused) {
        if (!variable.dataType().isFPType()) {
            refused.add("variable '" + variable.name() + "' is not of a floating type: type=" + variable.dataType());
        } else if (variable.getArr() == null) {
            refused.add("variable '" + variable.name() + "' has no values");
        } else {
            INDArray array = variable.getArr();
            boolean isTrained = plan.leaves().contains(variable);
            Param param = param(variable.name(), Shape.shape(array.shape()), initializer(array));
            params.put(variable.name(), isTrained ? param : param.frozen());
        }
    }

    private static Initializer initializer(INDArray array) {
        return (shape, seed, stream) -> {
            float[] numbers = array.castTo(DataType.FLOAT).dup('c').data().asFloat();
            return index -> numbers[Math.toIntExact(index)];
        };
    }

    /** Traces all for a small batch, to learn what is refused and which constants need a parameter. */
    private void check(GraphPlan whole, SampleFields seen, List<String> refused) {
        GraphBuilder graph = new GraphBuilder("check");
        Tensor any = Tensor.input(graph, "any", new TensorType(DType.FLOAT32, Shape.shape()));
        long samples = seen.batchOr(CHECKED_BATCH);
        Map<String, Tensor> batch = new LinkedHashMap<>();
        for (BatchField field : seen.all()) {
            Shape shape = ShapeOps.inserted(field.sampleShape(), 0).with(0, samples);
            batch.put(field.name(), Tensor.input(graph, field.name(), new TensorType(field.dtype(), shape)));
        }
        GraphTrace trace = trace(any, batch, ForwardPass.inference());
        trace.run(whole);
        refused.addAll(trace.refused());
    }

    private GraphTrace trace(Tensor any, Map<String, Tensor> batch, ForwardPass pass) {
        return new GraphTrace(sd, leaf -> leaf(leaf, any, batch), pass, terms, correct, any);
    }

    private Tensor leaf(SDVariable leaf, Tensor any, Map<String, Tensor> batch) {
        String name = leaf.name();
        if (leaf.getVariableType() == VariableType.CONSTANT) {
            ConstantTensor constant = new ConstantTensor(name, leaf.getArr());
            return constant.on(any, () -> held(constant).on(any.graph()));
        } else if (leaf.getVariableType() == VariableType.VARIABLE) {
            return Objects.requireNonNull(params.get(name), name).on(any.graph());
        }
        Tensor given = field(batch, name);
        return leaf.dataType() == DataType.BOOL ? given.notEqualTo(given.scalar(0)) : given;
    }

    /** The frozen parameter of a constant, declared when the graph is checked. */
    private Param held(ConstantTensor constant) {
        return params.computeIfAbsent(
                constant.name(),
                name -> param(name, constant.shape(), initializer(constant.value()))
                        .frozen());
    }

    /**
     * What updates the parameters: the updater, regularization and schedules of the graph's training configuration,
     * from its iteration and epoch on.
     *
     * @throws IllegalArgumentException if there is no training configuration, or naming all that is not known in it
     */
    public Dl4jOptimizer optimizer() {
        TrainingConfig config = sd.getTrainingConfig();
        if (config == null) {
            throw new IllegalArgumentException("SameDiff graph has no training configuration: losses=" + losses
                    + ". Set one by setTrainingConfig, or train with another optimizer.");
        }
        List<String> trained = parameters().values().stream()
                .filter(Param::isTrained)
                .map(Param::name)
                .toList();
        return Dl4jOptimizer.uniform(
                        trained,
                        config.getUpdater(),
                        config.getRegularization() == null ? List.of() : config.getRegularization(),
                        !config.isMinimize())
                .startingAt(config.getIterationCount(), config.getEpochCount());
    }

    @Override
    public List<BatchField> batchFields() {
        return fields;
    }

    @Override
    public String title() {
        return "SameDiff graph of " + plan.ops().size() + " ops";
    }

    @Override
    public Tensor loss(Map<String, Tensor> batch, ForwardPass pass) {
        Tensor any = anyFloat(batch);
        GraphTrace trace = trace(any, batch, pass);
        run(trace, plan);
        List<Tensor> all = new ArrayList<>();
        losses.stream()
                .map(trace::value)
                .map(loss -> loss.numDims() == 0 ? loss : loss.sumAll())
                .forEach(all::add);
        all.addAll(trace.gradientTerms());
        Tensor loss = Tensor.sumOf(all);
        pass.report("score", score(loss));
        return loss;
    }

    private Tensor score(Tensor loss) {
        TrainingConfig config = sd.getTrainingConfig();
        List<Param> trained =
                parameters().values().stream().filter(Param::isTrained).toList();
        return config == null || config.getRegularization() == null
                ? loss.stopGradient()
                : Regularized.addTo(loss, config.getRegularization(), trained);
    }

    private static void run(GraphTrace trace, GraphPlan plan) {
        trace.run(plan);
        if (!trace.refused().isEmpty()) {
            throw new IllegalArgumentException(
                    "SameDiff graph cannot be traced: " + String.join("; ", trace.refused()) + ".");
        }
    }

    /** The variables that the options name, or those of the graph, for which the batch has the fields. */
    @Override
    public Map<String, Tensor> outputs(Map<String, Tensor> batch, ForwardPass pass) {
        List<String> possible = new ArrayList<>();
        for (String name : outputs) {
            boolean hasAll = GraphPlan.of(sd, List.of(name)).leaves(VariableType.PLACEHOLDER).stream()
                    .allMatch(leaf -> batch.containsKey(leaf.name()));
            if (hasAll) {
                possible.add(name);
            }
        }
        GraphTrace trace = trace(anyFloat(batch), batch, pass);
        run(trace, GraphPlan.of(sd, possible));
        Map<String, Tensor> all = new LinkedHashMap<>();
        possible.forEach(name -> all.put(name, trace.value(name)));
        return all;
    }

    /** A tensor of the floating type of this trace. */
    private Tensor anyFloat(Map<String, Tensor> batch) {
        @Nullable
        Tensor floats = batch.values().stream()
                .filter(tensor -> tensor.dtype().isFloating())
                .findFirst()
                .orElse(null);
        if (floats != null) {
            return floats;
        }
        Tensor any = batch.values().iterator().next();
        return params.values().iterator().next().on(any.graph());
    }
}
