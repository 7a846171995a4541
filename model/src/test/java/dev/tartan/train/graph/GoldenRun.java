package dev.tartan.train.graph;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tartan.checkpoint.SafetensorsReader;
import dev.tartan.checkpoint.TensorSlice;
import dev.tartan.graph.DType;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Device;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.Shape;
import dev.tartan.network.Gpt;
import dev.tartan.network.GptConfig;
import dev.tartan.network.Llama;
import dev.tartan.network.LlamaConfig;
import dev.tartan.network.Mlp;
import dev.tartan.network.Network;
import dev.tartan.network.PresentFields;
import dev.tartan.op.Activation;
import dev.tartan.op.reference.HostTensor;
import dev.tartan.op.reference.ReferenceInterpreter;
import dev.tartan.optimizer.AdamWOptimizer;
import dev.tartan.optimizer.ClipGlobalNorm;
import dev.tartan.optimizer.Optimizer;
import dev.tartan.optimizer.Schedule;
import dev.tartan.train.config.PrecisionPolicy;
import dev.tartan.train.config.StrategyConfig;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** A trajectory made by PyTorch in float64, and the same steps by the reference interpreter. */
final class GoldenRun {
    final String name;
    final JsonNode recorded;

    GoldenRun(String name) {
        this.name = name;
        try {
            this.recorded = new ObjectMapper().readTree(path(name + ".json").toFile());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Mesh mesh(int data, int model) {
        return Mesh.of(Device.cpus(data * model), Shape.shape(data, model), "data", "model");
    }

    static Path path(String file) {
        try {
            return Path.of(GoldenRun.class.getResource("/golden/" + file).toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    Network network() {
        JsonNode c = recorded.get("config");
        return switch (name) {
            case "gpt" -> new Gpt(gptConfig(c.get("vocab").asInt()));
            case "llama" ->
                new Llama(new LlamaConfig(
                        c.get("vocab").asInt(),
                        c.get("context").asInt(),
                        c.get("hidden").asInt(),
                        c.get("layers").asInt(),
                        c.get("heads").asInt(),
                        c.get("kv_heads").asInt(),
                        c.get("intermediate").asInt(),
                        c.get("rope_theta").asDouble(),
                        c.get("eps").asDouble(),
                        c.get("tied_head").asBoolean(),
                        0));
            default -> new Mlp(20, List.of(64, 64), 5, Activation.RELU);
        };
    }

    GptConfig gptConfig(int vocab) {
        JsonNode c = recorded.get("config");
        return GptConfig.of(
                vocab,
                c.get("context").asInt(),
                c.get("hidden").asInt(),
                c.get("layers").asInt(),
                c.get("heads").asInt());
    }

    Optimizer optimizer() {
        JsonNode o = recorded.get("optimizer");
        return new AdamWOptimizer(
                o.get("lr").asDouble(),
                o.get("beta1").asDouble(),
                o.get("beta2").asDouble(),
                o.get("eps").asDouble(),
                o.get("weight_decay").asDouble(),
                Schedule.constant());
    }

    ClipGlobalNorm clip() {
        return new ClipGlobalNorm(
                recorded.get("optimizer").get("clip_global_norm").asDouble());
    }

    int batchSize() {
        return recorded.get("config").get("batch").asInt();
    }

    /** Traces the step with gradient outputs in FLOAT64. */
    TrainStepGraph trace(Network network, Mesh mesh, int microBatches) {
        StepOptions options = new StepOptions(
                mesh,
                batchSize(),
                microBatches,
                1,
                PrecisionPolicy.of(DType.FLOAT64),
                true,
                StrategyConfig.defaults(),
                PresentFields.REQUIRED);
        return TrainStepGraph.trace(network, optimizer(), clip(), options);
    }

    /** The outputs of the first {@code count} steps from the recorded initial weights. */
    List<Map<String, HostTensor>> run(TrainStepGraph step, int count) {
        Map<String, HostTensor> inputs = new LinkedHashMap<>();
        try (SafetensorsReader init = SafetensorsReader.open(path(name + "-init.safetensors"));
                SafetensorsReader batches = SafetensorsReader.open(
                        path(name.equals("mlp") ? "mlp-batches.safetensors" : "lm-batches.safetensors"))) {
            for (StateBinding state : step.states()) {
                double[] values = new double[Math.toIntExact(state.shape().numElements())];
                if (state.kind() == StateBinding.Kind.PARAMETER) {
                    // Padding is rows after the file's last, so row-major order keeps the file's elements in front.
                    double[] file = init.readDoubles(state.name());
                    System.arraycopy(file, 0, values, 0, file.length);
                }
                inputs.put(state.name(), new HostTensor(state.input().type(), values));
            }
            List<Map<String, HostTensor>> outputs = new ArrayList<>();
            for (int s = 0; s < count; s++) {
                inputs.put("step", new HostTensor(step.step().type(), new double[] {s}));
                for (BatchBinding binding : step.batch()) {
                    String field = binding.field().name();
                    TensorSlice slice = TensorSlice.rows(batches.tensor(field).shape(), s, 1);
                    TensorType type = binding.input().type();
                    double[] values = type.dtype().isFloating()
                            ? batches.readDoubles(field, slice)
                            : IntStream.of(batches.readInts(field, slice))
                                    .asDoubleStream()
                                    .toArray();
                    inputs.put(field, new HostTensor(type, values));
                }
                Map<String, HostTensor> results = ReferenceInterpreter.run(step.graph(), inputs);
                for (StateBinding state : step.states()) {
                    inputs.put(state.name(), results.get(state.outputLabel()));
                }
                outputs.add(results);
            }
            return outputs;
        }
    }
}
