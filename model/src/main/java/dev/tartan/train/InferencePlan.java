package dev.tartan.train;

import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.Shape;
import dev.tartan.network.BatchField;
import dev.tartan.network.Network;
import dev.tartan.partition.PartitionGraph;
import dev.tartan.partition.Program;
import dev.tartan.plan.DeviceTraits;
import dev.tartan.train.graph.BatchBinding;
import dev.tartan.train.graph.InferenceGraph;
import dev.tartan.train.graph.PlannedState;
import dev.tartan.train.graph.RunMesh;
import dev.tartan.train.graph.StateBinding;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Outputs of a trained network for a fixed number of samples, compiled for one device. Immutable, so that many
 * {@link Predictor}s may share it.
 *
 * @param batchSize number of samples of a run
 * @param fields the batch fields that the outputs use
 * @param parameters what has to be known of the network
 * @param outputs what one sample has of each output, in the order of their names
 * @param compiled the program
 */
public record InferencePlan(
        int batchSize,
        List<BatchField> fields,
        List<PlannedState> parameters,
        Map<String, TensorType> outputs,
        CompiledProgram compiled) {
    private static final Mesh ONE_DEVICE = RunMesh.of(1, 1);

    public InferencePlan {
        fields = List.copyOf(fields);
        parameters = List.copyOf(parameters);
        outputs = copy(outputs);
    }

    /**
     * What is known of outputs without compiling them.
     *
     * @param fields the batch fields that the outputs use
     * @param outputs what one sample has of each output
     */
    public record Signature(List<BatchField> fields, Map<String, TensorType> outputs) {
        public Signature {
            fields = List.copyOf(fields);
            outputs = copy(outputs);
        }
    }

    /**
     * Says what outputs need and are.
     *
     * @param wanted the outputs by name; all of them if none is named
     * @param optional those of the network's optional fields that are given
     * @throws IllegalArgumentException if the network has no such output, or it is not one of each sample
     */
    public static Signature signature(Network network, Set<String> wanted, Set<String> optional) {
        return signature(InferenceGraph.trace(network, ONE_DEVICE, 1, wanted, optional));
    }

    private static Signature signature(InferenceGraph graph) {
        Map<String, TensorType> samples = new LinkedHashMap<>();
        graph.graph().outputs().forEach((name, value) -> samples.put(name, ofSample(value.type())));
        return new Signature(graph.batch().stream().map(BatchBinding::field).toList(), samples);
    }

    /**
     * Compiles outputs.
     *
     * @param batchSize number of samples of a run, 1 or more
     * @param wanted the outputs by name; all of them if none is named
     * @param optional those of the network's optional fields that are given
     * @throws IllegalArgumentException if the network has no such output, or it is not one of each sample
     */
    public static InferencePlan compile(
            Network network, int batchSize, Set<String> wanted, Set<String> optional, DeviceTraits traits) {
        if (batchSize < 1) {
            throw new IllegalArgumentException(
                    "inference has no samples: batchSize=" + batchSize + ". Give 1 or more.");
        }
        InferenceGraph graph = InferenceGraph.trace(network, ONE_DEVICE, batchSize, wanted, optional);
        Program program = PartitionGraph.run(ONE_DEVICE, graph.graph(), graph.inputSpecs(), Map.of());
        Set<String> kept = graph.parameters().stream().map(StateBinding::name).collect(Collectors.toUnmodifiableSet());
        Signature signature = signature(graph);
        return new InferencePlan(
                batchSize,
                signature.fields(),
                graph.parameters().stream().map(PlannedState::of).toList(),
                signature.outputs(),
                CompiledProgram.of(program, Map.of(), kept, traits));
    }

    private static TensorType ofSample(TensorType ofBatch) {
        long[] dims = ofBatch.shape().dims();
        return ofBatch.withShape(Shape.shape(Arrays.copyOfRange(dims, 1, dims.length)));
    }

    private static Map<String, TensorType> copy(Map<String, TensorType> outputs) {
        return Collections.unmodifiableMap(new LinkedHashMap<>(outputs));
    }
}
