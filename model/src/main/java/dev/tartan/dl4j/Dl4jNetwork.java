package dev.tartan.dl4j;

import dev.tartan.graph.DType;
import dev.tartan.graph.GraphBuilder;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import dev.tartan.network.BatchField;
import dev.tartan.network.ForwardPass;
import dev.tartan.network.Network;
import dev.tartan.network.Param;
import dev.tartan.op.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.deeplearning4j.nn.conf.ComputationGraphConfiguration;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.layers.AbstractLSTM;
import org.deeplearning4j.nn.conf.layers.util.MaskZeroLayer;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * A network of Deeplearning4j as a network of Tartan, trained by any of Tartan's ways: {@link #optimizer} is what its
 * configuration says about updates.
 *
 * <p>A batch is {@code features [n, ...]} and {@code labels [n, ...]} in DL4J's layouts, and, where samples have them,
 * {@code featuresMask} and {@code labelsMask}. In a graph of several inputs the fields are {@code features.NAME}, of
 * several outputs {@code labels.NAME}. Its outputs are {@code output}, or those of a graph by name. It reports
 * {@code score} as DL4J does: the loss of a sample and what l1, l2 and weight decay add.
 *
 * <p>Parameters begin as the configuration's weight initialization says, with other random numbers than DL4J's; a run
 * begins with DL4J's own by {@link Dl4jTensors}.
 */
public final class Dl4jNetwork extends Network {
    /**
     * The optional field of networks with truncated backpropagation, a number a sample: 1 where its sequence goes on
     * from the step before, 0 where it begins. Without it, sequences begin every {@link #numParts} steps.
     */
    public static final String CONTINUED = "continued";

    private final NetworkPlan plan;
    private final Dl4jOptions options;
    private final List<BatchField> fields;

    Dl4jNetwork(NetworkPlan plan, Dl4jOptions options) {
        this.plan = plan;
        this.options = options;
        if (!options.correct()) {
            refuseWrongGradients();
        }
        for (NetworkNode node : plan.nodes()) {
            if (node.layer() != null) {
                child(plan.path(node), node.layer());
            }
        }
        layOut();
        if (plan.backpropSteps() > 0) {
            carryStates();
        }
        this.fields = new FieldShapes(plan, options).fields(this::outputShapes);
        if (plan.backpropSteps() > 0) {
            checkSequences();
        }
    }

    private void carryStates() {
        if (options.batch() < 1) {
            throw new IllegalArgumentException("truncated backpropagation needs to know how many samples a step has,"
                    + " since their states go from step to step: backpropSteps=" + plan.backpropSteps()
                    + ". Give Dl4jOptions.batch.");
        }
        refuseFilledUpParts();
        for (NetworkNode node : plan.nodes()) {
            LayerModule layer = node.layer();
            if (layer != null) {
                layer.carryState(options.batch());
            }
        }
    }

    /** DL4J computes an LSTM with the mask of a MaskZeroLayer, and differentiates it without. */
    private void refuseWrongGradients() {
        List<String> wrong = new ArrayList<>();
        plan.layers().forEach((name, layer) -> {
            if (layer instanceof MaskZeroLayer zero && zero.getUnderlying() instanceof AbstractLSTM lstm) {
                wrong.add("'" + name + "' MaskZeroLayer of " + lstm.getClass().getSimpleName());
            }
        });
        if (!wrong.isEmpty()) {
            throw new IllegalArgumentException(
                    "gradient that DL4J gives layers is not of what they compute, as it leaves"
                            + " out their mask: layers=" + wrong + ". Give Dl4jOptions.correctly() for the right one.");
        }
    }

    /** DL4J leaves out, with a warning, batches that are no sequences. */
    private void checkSequences() {
        for (BatchField field : fields) {
            Shape shape = field.sampleShape();
            if (!field.optional() && (shape.numDims() != 2 || shape.dim(1) != partSteps())) {
                throw new IllegalArgumentException("truncated backpropagation needs numbers for each step: field="
                        + field.name() + ", shape of a sample's part=" + shape + ", steps=" + partSteps()
                        + ". Give [numbers, steps] for features and labels, or use BackpropType.Standard.");
            }
        }
    }

    /** What the last part is filled up with counts nowhere, unless a layer looks at several steps. */
    private void refuseFilledUpParts() {
        FieldShapes shapes = new FieldShapes(plan, options);
        List<String> mixing = plan.layers().entrySet().stream()
                .filter(layer -> StepLayouts.mixesSteps(layer.getValue()))
                .map(layer -> "'" + layer.getKey() + "' "
                        + layer.getValue().getClass().getSimpleName())
                .toList();
        if (shapes.steps() % shapes.partSteps() != 0 && !mixing.isEmpty()) {
            throw new IllegalArgumentException("last part of sequences with truncated backpropagation is filled up, and"
                    + " layers that look at several steps would see that: steps=" + shapes.steps() + ", backpropSteps="
                    + plan.backpropSteps() + ", layers=" + mixing + ". Give sequences of whole parts.");
        }
    }

    private void layOut() {
        Map<String, Boolean> split = new LinkedHashMap<>();
        for (NetworkNode node : plan.nodes()) {
            boolean in = node.inputs().stream().anyMatch(input -> split.getOrDefault(input, false));
            LayerModule layer = node.layer();
            split.put(node.name(), layer == null ? in : layer.layOut(in));
        }
    }

    /** The network of a configuration; see {@link #of(MultiLayerConfiguration, Dl4jOptions)}. */
    public static Dl4jNetwork of(MultiLayerConfiguration configuration) {
        return of(configuration, Dl4jOptions.none());
    }

    /**
     * The network of a configuration.
     *
     * @throws IllegalArgumentException naming every layer and setting that is not known, or if shapes of samples can
     *     not be told from the configuration and the options
     */
    public static Dl4jNetwork of(MultiLayerConfiguration configuration, Dl4jOptions options) {
        return new Dl4jNetwork(NetworkPlan.of(configuration), options);
    }

    /** The network of a graph; see {@link #of(ComputationGraphConfiguration, Dl4jOptions)}. */
    public static Dl4jNetwork of(ComputationGraphConfiguration configuration) {
        return of(configuration, Dl4jOptions.none());
    }

    /**
     * The network of a graph.
     *
     * @throws IllegalArgumentException naming every layer, vertex and setting that is not known, or if shapes of
     *     samples can not be told from the configuration and the options
     */
    public static Dl4jNetwork of(ComputationGraphConfiguration configuration, Dl4jOptions options) {
        return new Dl4jNetwork(NetworkPlan.of(configuration), options);
    }

    /** What updates the parameters. */
    public Dl4jOptimizer optimizer() {
        return new Dl4jOptimizer(UpdateRules.of(plan, options.correct()), options.correct())
                .startingAt(plan.iterationCount(), plan.epochCount());
    }

    /** Parameters and statistics by DL4J's names: {@code 0_W} of a layer's number, {@code dense_W} of a vertex. */
    public Map<String, Param> byDl4jName() {
        Map<String, Param> all = new LinkedHashMap<>();
        plan.nodes().forEach(node -> node.params().forEach((key, param) -> all.put(node.name() + "_" + key, param)));
        return all;
    }

    /** DL4J's array of the parameter of that name, or of its updater state, in this network's order of elements. */
    INDArray arranged(String dl4jName, INDArray array) {
        for (NetworkNode node : plan.nodes()) {
            LayerModule layer = node.layer();
            String prefix = node.name() + "_";
            if (layer != null && dl4jName.startsWith(prefix)) {
                String key = dl4jName.substring(prefix.length());
                if (layer.byKey().containsKey(key)) {
                    return layer.arranged(key, array);
                }
            }
        }
        return array;
    }

    @Override
    public List<BatchField> batchFields() {
        return fields;
    }

    @Override
    public String title() {
        return "DL4J network of " + plan.numLayers() + " layers";
    }

    @Override
    public Tensor loss(Map<String, Tensor> batch, ForwardPass pass) {
        LayerPass layers = layerPass(batch, pass);
        Map<String, LossModule.Scored> outputs = new LinkedHashMap<>();
        forward(batch, layers, new LinkedHashMap<>(), outputs);
        List<Tensor> losses = new ArrayList<>();
        outputs.forEach((name, scored) -> {
            Tensor z = scored.z();
            Tensor labels = field(batch, plan.labels(name));
            Tensor mask = batch.get(plan.labelsMask(name));
            losses.add(loss(
                    z,
                    () -> output(name).losses(scored, labels, mask == null ? null : spread(mask, z.shape()), layers)));
        });
        Tensor mean = pass.mean(Tensor.sumOf(losses));
        Tensor loss = plan.isMiniBatch() ? mean : mean.mul(count(mean, outputs, pass));
        pass.report("score", new RegularizationTerms(plan, options.correct()).addTo(loss));
        return loss;
    }

    private LayerPass layerPass(Map<String, Tensor> batch, ForwardPass pass) {
        Tensor step = pass.step();
        if (step == null || plan.backpropSteps() == 0) {
            return new LayerPass(pass, options.correct(), null);
        }
        Tensor continued = batch.get(CONTINUED);
        if (continued != null) {
            return new LayerPass(pass, options.correct(), continued);
        }
        Tensor number = step.cast(DType.FLOAT64);
        double parts = (double) numParts();
        Tensor whole = number.div(parts).cast(DType.INT32).cast(DType.FLOAT64);
        return new LayerPass(
                pass,
                options.correct(),
                number.sub(whole.mul(parts)).greaterThan(0.5).cast(DType.FLOAT64));
    }

    /**
     * In how many parts sequences are trained on, a part a step: 1 unless the configuration has truncated
     * backpropagation through time. A batch has one part, filled up at its end and masked, and sequences follow part by
     * part: steps of the same {@code step / numParts} are of the same samples.
     */
    public long numParts() {
        return plan.backpropSteps() == 0 ? 1 : new FieldShapes(plan, options).numParts();
    }

    /** Steps of a sequence in a part; 0 without truncated backpropagation. */
    public int partSteps() {
        return plan.backpropSteps() == 0 ? 0 : new FieldShapes(plan, options).partSteps();
    }

    /** How many samples count. */
    private static Tensor count(Tensor like, Map<String, LossModule.Scored> outputs, ForwardPass pass) {
        Tensor weights = pass.sampleWeights();
        Tensor any = outputs.values().iterator().next().z();
        return weights == null ? like.filled((double) any.shape().dim(0)) : weights.sumAll();
    }

    /** A mask {@code [n, 1]} or {@code [n, steps]} in a shape that broadcasts to the output. */
    private static Tensor spread(Tensor mask, Shape output) {
        boolean ofSteps = output.numDims() == StepLayouts.SEQUENCE_DIMS && mask.numDims() == 2;
        return ofSteps ? mask.reshape(output.dim(0), 1, output.dim(2)) : mask;
    }

    private LossModule output(String name) {
        return plan.output(name);
    }

    /** What output layers give, zero where {@code labelsMask} is, as DL4J has it. */
    @Override
    public Map<String, Tensor> outputs(Map<String, Tensor> batch, ForwardPass pass) {
        Map<String, Tensor> all = new LinkedHashMap<>();
        Map<String, Tensor> activations = feedForward(batch, pass);
        plan.outputs()
                .forEach(name -> all.put(plan.outputName(name), Objects.requireNonNull(activations.get(name), name)));
        return all;
    }

    /** What each layer and vertex gives, by the layer's number or the vertex's name, as DL4J's feedForward does. */
    public Map<String, Tensor> feedForward(Map<String, Tensor> batch, ForwardPass pass) {
        Map<String, Signal> signals = new LinkedHashMap<>();
        Map<String, LossModule.Scored> outputs = new LinkedHashMap<>();
        forward(batch, layerPass(batch, pass), signals, outputs);
        Map<String, Tensor> activations = new LinkedHashMap<>();
        for (NetworkNode node : plan.nodes()) {
            Tensor y = Objects.requireNonNull(signals.get(node.name())).value();
            Tensor mask = outputs.containsKey(node.name()) ? batch.get(plan.labelsMask(node.name())) : null;
            activations.put(node.name(), mask == null ? y : y.mul(spread(mask, y.shape())));
        }
        return activations;
    }

    /** Fills in what nodes give and, of output layers, what their activations are applied to. */
    private void forward(
            Map<String, Tensor> batch,
            LayerPass pass,
            Map<String, Signal> signals,
            Map<String, LossModule.Scored> outputs) {
        for (String input : plan.inputs()) {
            signals.put(input, new Signal(field(batch, plan.features(input)), batch.get(plan.featuresMask(input))));
        }
        long samples = Objects.requireNonNull(signals.get(plan.inputs().get(0))).size(0);
        for (NetworkNode node : plan.nodes()) {
            List<Signal> in = new ArrayList<>();
            node.inputs().forEach(name -> in.add(Objects.requireNonNull(signals.get(name), name)));
            LayerModule layer = node.layer();
            VertexFunction vertex = node.vertex();
            if (layer == null) {
                signals.put(node.name(), Objects.requireNonNull(vertex).call(in, signals));
                continue;
            }
            Signal prepared = node.prepared(in.get(0), samples);
            if (layer instanceof LossModule output) {
                LossModule.Scored scored = scored(output, prepared, pass);
                outputs.put(node.name(), scored);
                signals.put(node.name(), prepared.with(output.activated(scored.z())));
            } else {
                signals.put(node.name(), inScope(layer, prepared, pass));
            }
        }
    }

    private LossModule.Scored scored(LossModule output, Signal in, LayerPass pass) {
        LossModule.Scored[] made = new LossModule.Scored[1];
        scoped(in.value(), () -> {
            made[0] = output.score(in, pass);
            return made[0].z();
        });
        return made[0];
    }

    private Signal inScope(LayerModule layer, Signal in, LayerPass pass) {
        Signal[] made = new Signal[1];
        layer.traced(in.value(), () -> {
            made[0] = layer.call(in, pass);
            return made[0].value();
        });
        return made[0];
    }

    /** The shapes of {@code [1, ...]} outputs before their activations, given those of samples. */
    private Map<String, Shape> outputShapes(Map<String, Shape> features) {
        GraphBuilder graph = new GraphBuilder("shapes");
        Map<String, Tensor> batch = new LinkedHashMap<>();
        features.forEach((input, shape) -> {
            long[] dims = new long[shape.numDims() + 1];
            dims[0] = 1;
            System.arraycopy(shape.dims(), 0, dims, 1, shape.numDims());
            String field = plan.features(input);
            batch.put(field, Tensor.input(graph, field, new TensorType(DType.FLOAT32, Shape.shape(dims))));
        });
        Map<String, LossModule.Scored> outputs = new LinkedHashMap<>();
        forward(batch, layerPass(batch, ForwardPass.inference()), new LinkedHashMap<>(), outputs);
        Map<String, Shape> shapes = new LinkedHashMap<>();
        outputs.forEach((name, scored) -> shapes.put(name, scored.z().shape()));
        return Collections.unmodifiableMap(shapes);
    }
}
