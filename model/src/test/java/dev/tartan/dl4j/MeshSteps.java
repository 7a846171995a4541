package dev.tartan.dl4j;

import dev.tartan.backend.Buffer;
import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.collective.MeshAxes;
import dev.tartan.collective.local.LocalMesh;
import dev.tartan.execute.RankExecutor;
import dev.tartan.graph.DType;
import dev.tartan.graph.TensorType;
import dev.tartan.graph.Value;
import dev.tartan.mesh.Device;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.NamedSharding;
import dev.tartan.mesh.PartitionSpec;
import dev.tartan.mesh.Shape;
import dev.tartan.mesh.ShardRange;
import dev.tartan.network.Network;
import dev.tartan.network.PresentFields;
import dev.tartan.op.reference.HostTensor;
import dev.tartan.op.reference.RowMajor;
import dev.tartan.optimizer.ClipGlobalNorm;
import dev.tartan.optimizer.Optimizer;
import dev.tartan.partition.PartitionGraph;
import dev.tartan.partition.Program;
import dev.tartan.plan.MemoryPlan;
import dev.tartan.plan.PlanMemory;
import dev.tartan.train.config.PrecisionPolicy;
import dev.tartan.train.config.StrategyConfig;
import dev.tartan.train.graph.BatchBinding;
import dev.tartan.train.graph.StateBinding;
import dev.tartan.train.graph.StepOptions;
import dev.tartan.train.graph.TrainStepGraph;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;

/** Training steps of a network in one element type, by ND4J's kernels, each rank of the mesh on a thread of its own. */
public final class MeshSteps implements AutoCloseable {
    private final Mesh mesh;
    private final TrainStepGraph graph;
    private final Program program;
    private final List<RankExecutor> executors = new ArrayList<>();
    private final List<ExecutorService> threads = new ArrayList<>();

    /** Makes the program and gives each rank its memory; all states are what they begin with, parameters zero. */
    public MeshSteps(
            Network network,
            Optimizer optimizer,
            int data,
            int model,
            int batch,
            Set<String> optional,
            DType dtype,
            int zero) {
        mesh = Mesh.of(Device.cpus(data * model), Shape.shape(data, model), "data", "model");
        StepOptions options = new StepOptions(
                mesh,
                batch,
                1,
                3,
                PrecisionPolicy.of(dtype),
                zero == 0,
                StrategyConfig.defaults().withZero(zero),
                new PresentFields(optional, false));
        graph = TrainStepGraph.trace(network, optimizer, new ClipGlobalNorm(0), options);
        Map<Value, PartitionSpec> given = graph.inputSpecs();
        Map<String, PartitionSpec> outputs = new LinkedHashMap<>(graph.outputSpecs());
        Map<String, String> replaced = new LinkedHashMap<>();
        for (StateBinding state : graph.states()) {
            if (state.outputLabel() != null) {
                replaced.put(state.outputLabel(), state.name());
            }
            String gradient = TrainStepGraph.gradientLabel(state.name());
            if (graph.graph().outputs().containsKey(gradient)) {
                outputs.put(gradient, state.spec());
            }
        }
        program = PartitionGraph.run(mesh, graph.graph(), given, outputs, graph.trained());
        Set<String> kept = graph.states().stream().map(StateBinding::name).collect(Collectors.toSet());
        Nd4jBackend backend = new Nd4jBackend(1);
        MemoryPlan plan = PlanMemory.run(program, replaced, kept, backend);
        LocalMesh communicators =
                LocalMesh.create(new MeshAxes(mesh.axisNames(), mesh.axisSizes()), Duration.ofSeconds(30));
        for (int i = 0; i < mesh.numRanks(); i++) {
            int rank = i;
            threads.add(Executors.newSingleThreadExecutor());
            executors.add(onThread(rank, () -> {
                backend.device(0).attachThread();
                return new RankExecutor(program, plan, rank, backend.device(0), communicators);
            }));
        }
        for (StateBinding state : graph.states()) {
            set(state.name(), new double[Math.toIntExact(state.logicalShape().numElements())]);
            if (state.begin() != 0) {
                double[] values =
                        new double[Math.toIntExact(state.logicalShape().numElements())];
                java.util.Arrays.fill(values, state.begin());
                set(state.name(), values);
            }
        }
    }

    private <T> T onThread(int rank, Callable<T> work) {
        return onThreads(List.of(threads.get(rank).submit(work))).get(0);
    }

    private static <T> List<T> onThreads(List<Future<T>> running) {
        List<T> results = new ArrayList<>();
        for (Future<T> each : running) {
            try {
                results.add(each.get());
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        }
        return results;
    }

    /** Gives a state its elements in row-major order, without padding. */
    public void set(String name, double[] values) {
        StateBinding state = state(name);
        HostTensor whole =
                HostTensor.generate(new TensorType(DType.FLOAT64, state.logicalShape()), position -> values[position]);
        HostTensor padded = HostTensor.generate(new TensorType(DType.FLOAT64, state.shape()), position -> {
            int[] index = RowMajor.index(state.shape(), position);
            for (int dim = 0; dim < index.length; dim++) {
                if (index[dim] >= state.logicalShape().dim(dim)) {
                    return 0;
                }
            }
            return whole.at(index);
        });
        write(name, padded, state.spec());
    }

    private StateBinding state(String name) {
        return graph.states().stream()
                .filter(state -> state.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new AssertionError(name));
    }

    /** The elements of a state. */
    public double[] get(String name) {
        StateBinding state = state(name);
        HostTensor padded = read(rank -> executors.get(rank).input(name), state.shape(), state.spec());
        return HostTensor.generate(
                        new TensorType(DType.FLOAT64, state.logicalShape()),
                        position -> padded.at(RowMajor.index(state.logicalShape(), position)))
                .data();
    }

    /** The gradient of a parameter in the last step. */
    public double[] gradient(String parameter) {
        String label = TrainStepGraph.gradientLabel(parameter);
        return read(
                        rank -> executors.get(rank).output(label),
                        state(parameter).shape(),
                        state(parameter).spec())
                .data();
    }

    /** A number that the last step put out. */
    public double number(String output) {
        return numbers(executors.get(0).output(output))[0];
    }

    /** Names of parameters, then of what belongs to them. */
    public List<String> states() {
        return graph.states().stream().map(StateBinding::name).toList();
    }

    /** Runs a step on a batch of elements in row-major order by field. */
    public void step(int number, Map<String, double[]> batch) {
        for (RankExecutor executor : executors) {
            executor.input("step").write(new int[] {number});
        }
        for (BatchBinding binding : graph.batch()) {
            double[] values = batch.get(binding.field().name());
            Shape shape = binding.input().type().shape();
            write(
                    binding.field().name(),
                    HostTensor.generate(new TensorType(DType.FLOAT64, shape), position -> values[position]),
                    binding.spec());
        }
        List<Future<Boolean>> running = new ArrayList<>();
        for (int rank = 0; rank < executors.size(); rank++) {
            RankExecutor executor = executors.get(rank);
            running.add(threads.get(rank).submit(() -> {
                executor.run();
                return true;
            }));
        }
        onThreads(running);
    }

    private void write(String input, HostTensor whole, PartitionSpec spec) {
        NamedSharding sharding = NamedSharding.of(mesh, spec);
        Shape local = sharding.localShape(whole.shape());
        for (int rank = 0; rank < mesh.numRanks(); rank++) {
            List<ShardRange> block = ShardRange.block(sharding, whole.shape(), rank);
            HostTensor shard = HostTensor.generate(
                    new TensorType(DType.FLOAT64, local), position -> whole.at(moved(local, position, block)));
            Buffer buffer = executors.get(rank).input(input);
            if (buffer.type().dtype() == DType.FLOAT64) {
                buffer.write(shard.data());
            } else if (buffer.type().dtype() == DType.INT32) {
                buffer.write(java.util.Arrays.stream(shard.data())
                        .mapToInt(value -> (int) value)
                        .toArray());
            } else {
                buffer.write(shard.toFloats());
            }
        }
    }

    private HostTensor read(java.util.function.IntFunction<Buffer> buffers, Shape shape, PartitionSpec spec) {
        NamedSharding sharding = NamedSharding.of(mesh, spec);
        Shape local = sharding.localShape(shape);
        double[] whole = new double[Math.toIntExact(shape.numElements())];
        for (int rank = 0; rank < mesh.numRanks(); rank++) {
            List<ShardRange> block = ShardRange.block(sharding, shape, rank);
            double[] values = numbers(buffers.apply(rank));
            for (int i = 0; i < values.length; i++) {
                whole[RowMajor.position(shape, moved(local, i, block))] = values[i];
            }
        }
        return HostTensor.generate(new TensorType(DType.FLOAT64, shape), position -> whole[position]);
    }

    private static int[] moved(Shape local, int position, List<ShardRange> block) {
        int[] index = RowMajor.index(local, position);
        for (int dim = 0; dim < index.length; dim++) {
            index[dim] += (int) block.get(dim).start();
        }
        return index;
    }

    private static double[] numbers(Buffer buffer) {
        int length = Math.toIntExact(buffer.type().shape().numElements());
        double[] values = new double[length];
        if (buffer.type().dtype() == DType.FLOAT64) {
            buffer.read(values);
        } else {
            float[] floats = new float[length];
            buffer.read(floats);
            for (int i = 0; i < length; i++) {
                values[i] = floats[i];
            }
        }
        return values;
    }

    @Override
    public void close() {
        for (int rank = 0; rank < executors.size(); rank++) {
            RankExecutor executor = executors.get(rank);
            onThread(rank, () -> {
                executor.close();
                return true;
            });
            threads.get(rank).shutdown();
        }
    }
}
