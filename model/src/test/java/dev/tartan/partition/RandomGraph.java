package dev.tartan.partition;

import dev.tartan.autodiff.Gradients;
import dev.tartan.graph.DType;
import dev.tartan.graph.Graph;
import dev.tartan.graph.GraphBuilder;
import dev.tartan.graph.Reduction;
import dev.tartan.graph.TensorType;
import dev.tartan.graph.Value;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.PartitionSpec;
import dev.tartan.mesh.Shape;
import dev.tartan.mesh.ShardOffset;
import dev.tartan.op.Pad;
import dev.tartan.op.ScatterAddRows;
import dev.tartan.op.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;

/** A small graph of random ops with random layouts of inputs, outputs and some values in between. */
final class RandomGraph {
    /** Small numbers, so that broadcasting and products find partners; some that no axis divides. */
    private static final long[] SIZES = {1, 2, 3, 4, 4, 6, 8, 8};

    /** Labels, rows and steps are below this, and so are all dims that are indexed. */
    static final int NUM_CLASSES = 4;

    private final Mesh mesh;
    private final Random random;
    private final GraphBuilder builder;
    private final List<Tensor> floats = new ArrayList<>();
    private final List<Tensor> inputs = new ArrayList<>();
    final Map<Value, PartitionSpec> given = new LinkedHashMap<>();
    final Map<String, PartitionSpec> outputs = new LinkedHashMap<>();
    final Graph graph;

    RandomGraph(Mesh mesh, long seed) {
        this.mesh = mesh;
        random = new Random(seed);
        builder = new GraphBuilder("random" + seed);
        int numInputs = 1 + random.nextInt(3);
        for (int i = 0; i < numInputs; i++) {
            floats.add(input(DType.FLOAT64, randomShape()));
        }
        int numOps = 3 + random.nextInt(10);
        for (int i = 0; i < numOps; i++) {
            Tensor result = random.nextInt(8) == 0 ? constrained(pick()) : randomOp(pick());
            if (result.shape().numElements() <= 4096) {
                floats.add(result);
            }
        }
        graph = builder.build(outputs());
    }

    private Map<String, Value> outputs() {
        Map<String, Value> values = new LinkedHashMap<>();
        int count = 1 + random.nextInt(3);
        for (int i = 0; i < count; i++) {
            Tensor output = i == 0 ? floats.get(floats.size() - 1) : pick();
            values.put("out" + i, output.value());
        }
        if (random.nextBoolean()) {
            Tensor loss = Tensor.sumOf(values.values().stream()
                    .map(value -> Tensor.of(builder, value).activate(dev.tartan.op.Activation.TANH))
                    .map(tensor -> tensor.square().meanAll())
                    .toList());
            List<Tensor> gradients = Gradients.of(loss, inputs);
            values.put("loss", loss.value());
            for (int i = 0; i < inputs.size(); i++) {
                values.put(
                        "grad." + inputs.get(i).value().name(), gradients.get(i).value());
            }
        }
        values.forEach((label, value) -> {
            if (random.nextBoolean()) {
                outputs.put(label, randomSpec(value.type().shape()));
            }
        });
        return values;
    }

    private Tensor randomOp(Tensor x) {
        int last = x.numDims() - 1;
        int dim = x.numDims() == 0 ? -1 : random.nextInt(x.numDims());
        switch (random.nextInt(x.numDims() == 0 ? 6 : 24)) {
            case 0:
                return x.tanh();
            case 1:
                return x.mul(0.5 + random.nextInt(3));
            case 2:
                return x.square().add(0.1).rsqrt();
            case 3:
                return binary(x, partner(x));
            case 4:
                return Tensor.sumOf(sameShape(x));
            case 5:
                return x.mul(step().randomUniform(x.type(), 5, random.nextInt(100))
                        .greaterEqual(0.3)
                        .cast(DType.FLOAT64));
            case 6, 7:
                return x.sum(someDims(x)).mul(0.5);
            case 8:
                return x.reduce(random.nextBoolean() ? Reduction.MAX : Reduction.MIN, someDims(x));
            case 9, 10:
                return x.transpose(shuffledDims(x));
            case 11, 12:
                return x.reshape(regrouped(x.shape()));
            case 13:
                long size = 1L + random.nextInt((int) x.shape().dim(dim));
                return x.slice(dim, random.nextInt((int) (x.shape().dim(dim) - size + 1)), size);
            case 14:
                List<Long> low = new ArrayList<>(Collections.nCopies(x.numDims(), 0L));
                List<Long> high = new ArrayList<>(low);
                low.set(dim, (long) random.nextInt(3));
                high.set(dim, (long) random.nextInt(3));
                return x.apply(new Pad(low, high, random.nextInt(2))).get(0);
            case 15:
                return Tensor.concat(dim, sameShape(x));
            case 16, 17, 18:
                return product(x);
            case 19:
                return x.softmax();
            case 20:
                Shape width = Shape.shape(x.shape().dim(last));
                return random.nextBoolean()
                        ? x.layerNorm(input(DType.FLOAT64, width), input(DType.FLOAT64, width), 0.1)
                        : x.rmsNorm(input(DType.FLOAT64, width), 0.1);
            case 21:
                return rows(x);
            case 22:
                long[] leading = IntStream.range(0, last)
                        .mapToLong(i -> x.shape().dim(i))
                        .toArray();
                return x.shape().dim(last) < NUM_CLASSES
                        ? x.softmax()
                        : x.crossEntropy(input(DType.INT32, Shape.shape(leading)));
            default:
                return attention(x);
        }
    }

    private Tensor binary(Tensor x, Tensor y) {
        return switch (random.nextInt(6)) {
            case 0 -> x.add(y);
            case 1 -> x.sub(y);
            case 2 -> x.mul(y);
            case 3 -> x.div(y.square().add(1));
            case 4 -> x.max(y);
            default -> x.shape().equals(y.shape()) ? Tensor.select(x.greaterThan(y), x, y.mul(0.5)) : y.sub(x);
        };
    }

    /** A tensor that broadcasts against {@code x}: one there is, or a new input. */
    private Tensor partner(Tensor x) {
        for (int attempt = 0; attempt < 4; attempt++) {
            Tensor other = pick();
            if (broadcasts(x.shape(), other.shape())) {
                return other;
            }
        }
        int skipped = random.nextInt(x.numDims() + 1);
        return input(
                DType.FLOAT64,
                Shape.shape(IntStream.range(skipped, x.numDims())
                        .mapToLong(i -> random.nextInt(4) == 0 ? 1 : x.shape().dim(i))
                        .toArray()));
    }

    private static boolean broadcasts(Shape a, Shape b) {
        for (int i = 1; i <= Math.min(a.numDims(), b.numDims()); i++) {
            if (a.dim(-i) != b.dim(-i) && a.dim(-i) != 1 && b.dim(-i) != 1) {
                return false;
            }
        }
        return true;
    }

    private List<Tensor> sameShape(Tensor x) {
        List<Tensor> terms = new ArrayList<>(List.of(x));
        floats.stream().filter(y -> y.shape().equals(x.shape())).limit(3).forEach(terms::add);
        if (terms.size() == 2) {
            terms.add(input(DType.FLOAT64, x.shape()));
        }
        Collections.shuffle(terms, random);
        return terms;
    }

    private Tensor product(Tensor x) {
        long inner = x.shape().dim(-1);
        if (random.nextInt(3) == 0 && x.numDims() >= 2) {
            // Of two values that were computed, so that both may be split.
            String batch = "abcdef".substring(0, x.numDims() - 2);
            return x.einsum(batch + "xy," + batch + "zy->" + batch + "xz", x.tanh());
        }
        return x.matmul(input(DType.FLOAT64, Shape.shape(inner, SIZES[random.nextInt(SIZES.length)])));
    }

    private Tensor rows(Tensor x) {
        if (random.nextBoolean() && x.numDims() >= 2) {
            long[] leading = IntStream.range(0, x.numDims() - 1)
                    .mapToLong(i -> x.shape().dim(i))
                    .toArray();
            return input(DType.INT32, Shape.shape(leading))
                    .apply(new ScatterAddRows(NUM_CLASSES, ShardOffset.ZERO), x)
                    .get(0);
        }
        Tensor table = x.numDims() == 2 && x.shape().dim(0) >= NUM_CLASSES
                ? x
                : input(DType.FLOAT64, Shape.shape(8, x.shape().dim(-1)));
        return table.gatherRows(input(DType.INT32, randomShape()));
    }

    private Tensor attention(Tensor x) {
        if (x.numDims() != 4) {
            return x.tanh();
        }
        Tensor rotated = x.shape().dim(3) % 2 == 0 ? x.rotary(100) : x;
        return rotated.causalAttention(input(DType.FLOAT64, x.shape()), x.mul(0.5), 0.3);
    }

    private Tensor constrained(Tensor x) {
        return x.sharded(randomSpec(x.shape()));
    }

    private Tensor step() {
        return input(DType.INT32, Shape.shape());
    }

    private Tensor pick() {
        return floats.get(random.nextInt(floats.size()));
    }

    private Tensor input(DType dtype, Shape shape) {
        Tensor tensor =
                Tensor.input(builder, (dtype == DType.INT32 ? "i" : "x") + given.size(), new TensorType(dtype, shape));
        given.put(tensor.value(), randomSpec(shape));
        if (dtype == DType.FLOAT64) {
            inputs.add(tensor);
        }
        return tensor;
    }

    private Shape randomShape() {
        return Shape.shape(IntStream.range(0, 1 + random.nextInt(4))
                .mapToLong(i -> SIZES[random.nextInt(SIZES.length)])
                .toArray());
    }

    private int[] someDims(Tensor x) {
        int[] dims = IntStream.range(0, x.numDims())
                .filter(i -> random.nextBoolean())
                .toArray();
        return dims.length == 0 ? new int[] {0} : dims;
    }

    private int[] shuffledDims(Tensor x) {
        List<Integer> dims =
                new ArrayList<>(IntStream.range(0, x.numDims()).boxed().toList());
        Collections.shuffle(dims, random);
        return dims.stream().mapToInt(Integer::intValue).toArray();
    }

    /** Another shape of as many elements: prime factors dealt out to dims, in order. */
    private Shape regrouped(Shape shape) {
        long rest = shape.numElements();
        List<Long> dims = new ArrayList<>(List.of(1L));
        for (long prime = 2; rest > 1; ) {
            if (rest % prime != 0) {
                prime++;
                continue;
            }
            rest /= prime;
            if (random.nextInt(3) == 0 && dims.size() < 4) {
                dims.add(prime);
            } else {
                dims.set(dims.size() - 1, dims.get(dims.size() - 1) * prime);
            }
        }
        return Shape.shape(dims.stream().mapToLong(Long::longValue).toArray());
    }

    /** Each axis of the mesh on some dim that it divides, or on none. */
    PartitionSpec randomSpec(Shape shape) {
        PartitionSpec spec = PartitionSpec.replicated(shape.numDims());
        List<String> axes = new ArrayList<>(mesh.axisNames());
        Collections.shuffle(axes, random);
        for (String axis : axes) {
            if (shape.numDims() == 0 || random.nextInt(4) == 0) {
                continue;
            }
            int dim = random.nextInt(shape.numDims());
            List<String> split = new ArrayList<>(spec.axesOf(dim));
            split.add(axis);
            if (shape.dim(dim) % mesh.numShards(split) == 0) {
                spec = spec.with(dim, split);
            }
        }
        return spec;
    }
}
