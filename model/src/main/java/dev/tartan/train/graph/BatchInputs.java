package dev.tartan.train.graph;

import static dev.tartan.mesh.PartitionSpec.spec;

import dev.tartan.graph.GraphBuilder;
import dev.tartan.mesh.PartitionSpec;
import dev.tartan.network.BatchField;
import dev.tartan.network.Network;
import dev.tartan.network.PresentFields;
import dev.tartan.op.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The batch of a training step as inputs of its graph, cut into micro-batches. */
final class BatchInputs {
    private final List<BatchBinding> bindings = new ArrayList<>();
    private final List<Tensor> tensors = new ArrayList<>();
    private final int microBatches;

    BatchInputs(GraphBuilder graph, Network network, StepOptions options) {
        microBatches = options.microBatches();
        long size = options.globalBatch() / microBatches;
        List<String> axes = RunMesh.batchAxes(options.mesh());
        for (BatchField field : options.fields().of(network)) {
            boolean several = microBatches > 1;
            long[] leading = several ? new long[] {microBatches, size} : new long[] {size};
            Tensor tensor = Tensor.input(
                    graph,
                    field.name(),
                    TrainStepTracer.fieldType(field, options.precision().master(), leading));
            PartitionSpec spec = (several ? spec(null, axes) : spec(axes)).extendedTo(tensor.numDims());
            tensors.add(tensor);
            bindings.add(new BatchBinding(field, tensor.value(), spec));
        }
    }

    List<BatchBinding> bindings() {
        return bindings;
    }

    /** The weights of the samples of micro-batch {@code index}, {@code [batch]}; null if they have none. */
    @Nullable
    Tensor weights(int index) {
        return microBatch(index).get(PresentFields.SAMPLE_WEIGHT.name());
    }

    /** Micro-batch {@code index}, each field {@code [batch, sample...]}, without the samples' weights. */
    Map<String, Tensor> fields(int index) {
        Map<String, Tensor> batch = microBatch(index);
        batch.remove(PresentFields.SAMPLE_WEIGHT.name());
        return batch;
    }

    private Map<String, Tensor> microBatch(int index) {
        Map<String, Tensor> batch = new LinkedHashMap<>();
        for (int i = 0; i < tensors.size(); i++) {
            Tensor tensor = tensors.get(i);
            BatchField field = bindings.get(i).field();
            Tensor part = microBatches == 1
                    ? tensor
                    : tensor.slice(0, index, 1)
                            .reshape(TrainStepTracer.before(
                                    field.sampleShape(), tensor.shape().dim(1)));
            batch.put(field.name(), part);
        }
        return batch;
    }
}
