package dev.tartan.op;

import dev.tartan.graph.DType;
import dev.tartan.graph.GraphBuilder;
import dev.tartan.graph.Op;
import dev.tartan.graph.Reduction;
import dev.tartan.graph.TensorType;
import dev.tartan.graph.Value;
import dev.tartan.mesh.PartitionSpec;
import dev.tartan.mesh.Shape;
import dev.tartan.mesh.ShardOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * A value being traced. Calling a method computes nothing; it records an op in the graph. Shapes are global, so network
 * code is written for a single device. Every method throws {@link IllegalArgumentException} naming the op and the types
 * when they do not fit. Not thread-safe.
 */
public final class Tensor implements Traceable {
    private final GraphBuilder graph;
    private final Value value;

    private Tensor(GraphBuilder graph, Value value) {
        this.graph = graph;
        this.value = value;
    }

    /** A new input of the graph. */
    public static Tensor input(GraphBuilder graph, String name, TensorType type) {
        return new Tensor(graph, graph.input(name, type));
    }

    /** Wraps a value of the graph that {@code graph} builds. */
    public static Tensor of(GraphBuilder graph, Value value) {
        return new Tensor(graph, value);
    }

    @Override
    public Tensor on(GraphBuilder builder) {
        if (builder != graph) {
            throw new IllegalArgumentException(
                    "tensor belongs to another graph: tensor=" + this + ". Use tensors of one trace together.");
        }
        return this;
    }

    /** The traced value. */
    public Value value() {
        return value;
    }

    /** The graph being built. */
    public GraphBuilder graph() {
        return graph;
    }

    /** Element type and shape. */
    public TensorType type() {
        return value.type();
    }

    /** Element type. */
    public DType dtype() {
        return value.type().dtype();
    }

    /** Global shape. */
    public Shape shape() {
        return value.type().shape();
    }

    /** Number of dims. */
    public int numDims() {
        return shape().numDims();
    }

    /** Applies any op with this as its first operand. */
    public List<Tensor> apply(Op op, Traceable... others) {
        List<Value> operands = new ArrayList<>();
        operands.add(value);
        for (Traceable other : others) {
            operands.add(other.on(graph).value);
        }
        return applyTo(graph, op, operands);
    }

    private static List<Tensor> applyTo(GraphBuilder graph, Op op, List<Value> operands) {
        return graph.apply(op, operands).stream()
                .map(result -> new Tensor(graph, result))
                .toList();
    }

    private Tensor one(Op op, Traceable... others) {
        return apply(op, others).get(0);
    }

    private Tensor source(Op op) {
        return applyTo(graph, op, List.of()).get(0);
    }

    // Elementwise, broadcasting as NumPy does

    /** this + other. */
    public Tensor add(Traceable other) {
        return one(new Binary(BinaryKind.ADD), other);
    }

    /** this - other. */
    public Tensor sub(Traceable other) {
        return one(new Binary(BinaryKind.SUB), other);
    }

    /** this * other. */
    public Tensor mul(Traceable other) {
        return one(new Binary(BinaryKind.MUL), other);
    }

    /** this / other. */
    public Tensor div(Traceable other) {
        return one(new Binary(BinaryKind.DIV), other);
    }

    /** The larger of this and other. */
    public Tensor max(Traceable other) {
        return one(new Binary(BinaryKind.MAX), other);
    }

    /** The smaller of this and other. */
    public Tensor min(Traceable other) {
        return one(new Binary(BinaryKind.MIN), other);
    }

    /** this to the power of other. */
    public Tensor pow(Traceable other) {
        return one(new Binary(BinaryKind.POW), other);
    }

    /** this + scalar. */
    public Tensor add(double scalar) {
        return scalar(BinaryKind.ADD, scalar, false);
    }

    /** this - scalar. */
    public Tensor sub(double scalar) {
        return scalar(BinaryKind.SUB, scalar, false);
    }

    /** scalar - this. */
    public Tensor rsub(double scalar) {
        return scalar(BinaryKind.SUB, scalar, true);
    }

    /** this * scalar. */
    public Tensor mul(double scalar) {
        return scalar(BinaryKind.MUL, scalar, false);
    }

    /** this / scalar. */
    public Tensor div(double scalar) {
        return scalar(BinaryKind.DIV, scalar, false);
    }

    /** The larger of this and scalar. */
    public Tensor max(double scalar) {
        return scalar(BinaryKind.MAX, scalar, false);
    }

    /** The smaller of this and scalar. */
    public Tensor min(double scalar) {
        return scalar(BinaryKind.MIN, scalar, false);
    }

    /** this to the power of scalar. */
    public Tensor pow(double scalar) {
        return scalar(BinaryKind.POW, scalar, false);
    }

    /** scalar to the power of this. */
    public Tensor rpow(double scalar) {
        return scalar(BinaryKind.POW, scalar, true);
    }

    private Tensor scalar(BinaryKind kind, double scalar, boolean reversed) {
        return one(new ScalarBinary(kind, scalar, reversed));
    }

    /** -this. */
    public Tensor neg() {
        return one(new Unary(Unary.Kind.NEG));
    }

    /** |this|. */
    public Tensor abs() {
        return one(new Unary(Unary.Kind.ABS));
    }

    /** -1, 0 or 1. */
    public Tensor sign() {
        return one(new Unary(Unary.Kind.SIGN));
    }

    /** e to the power of this. */
    public Tensor exp() {
        return one(new Unary(Unary.Kind.EXP));
    }

    /** The natural logarithm. */
    public Tensor log() {
        return one(new Unary(Unary.Kind.LOG));
    }

    /** The square root. */
    public Tensor sqrt() {
        return one(new Unary(Unary.Kind.SQRT));
    }

    /** 1 / sqrt(this). */
    public Tensor rsqrt() {
        return one(new Unary(Unary.Kind.RSQRT));
    }

    /** 1 / this. */
    public Tensor reciprocal() {
        return one(new Unary(Unary.Kind.RECIPROCAL));
    }

    /** this * this. */
    public Tensor square() {
        return one(new Unary(Unary.Kind.SQUARE));
    }

    /** The sine of this, in radians. */
    public Tensor sin() {
        return one(new Unary(Unary.Kind.SIN));
    }

    /** The cosine of this, in radians. */
    public Tensor cos() {
        return one(new Unary(Unary.Kind.COS));
    }

    /** An activation function of this. */
    public Tensor activate(Activation activation) {
        return one(new Activate(activation));
    }

    /** max(this, 0). */
    public Tensor relu() {
        return activate(Activation.RELU);
    }

    /** The tanh form of GELU, as GPT-2 has it. */
    public Tensor gelu() {
        return activate(Activation.GELU);
    }

    /** this * sigmoid(this). */
    public Tensor silu() {
        return activate(Activation.SILU);
    }

    /** The hyperbolic tangent. */
    public Tensor tanh() {
        return activate(Activation.TANH);
    }

    /** 1 / (1 + exp(-this)). */
    public Tensor sigmoid() {
        return activate(Activation.SIGMOID);
    }

    /** This converted to another element type. */
    public Tensor cast(DType dtype) {
        return dtype == dtype() ? this : one(new Cast(dtype));
    }

    /** Where this = other; boolean. */
    public Tensor equalTo(Traceable other) {
        return one(new Compare(Compare.Kind.EQUAL), other);
    }

    /** Where this differs from other; boolean. */
    public Tensor notEqualTo(Traceable other) {
        return one(new Compare(Compare.Kind.NOT_EQUAL), other);
    }

    /** Where this &lt; other; boolean. */
    public Tensor lessThan(Traceable other) {
        return one(new Compare(Compare.Kind.LESS), other);
    }

    /** Where this &lt;= other; boolean. */
    public Tensor lessEqual(Traceable other) {
        return one(new Compare(Compare.Kind.LESS_EQUAL), other);
    }

    /** Where this &gt; other; boolean. */
    public Tensor greaterThan(Traceable other) {
        return one(new Compare(Compare.Kind.GREATER), other);
    }

    /** Where this &gt; scalar; boolean. */
    public Tensor greaterThan(double scalar) {
        return greaterThan(scalar(scalar));
    }

    /** Where this &gt;= other; boolean. */
    public Tensor greaterEqual(Traceable other) {
        return one(new Compare(Compare.Kind.GREATER_EQUAL), other);
    }

    /** Where this &gt;= scalar; boolean. */
    public Tensor greaterEqual(double scalar) {
        return greaterEqual(scalar(scalar));
    }

    /** Where this &lt; scalar; boolean. */
    public Tensor lessThan(double scalar) {
        return lessThan(scalar(scalar));
    }

    /** {@code whenTrue} where the boolean {@code condition} holds, else {@code whenFalse}; all of one shape. */
    public static Tensor select(Tensor condition, Tensor whenTrue, Tensor whenFalse) {
        return condition.one(new Select(), whenTrue, whenFalse);
    }

    /** The sum of tensors of one type. */
    public static Tensor sumOf(List<Tensor> terms) {
        return terms.size() == 1
                ? terms.get(0)
                : terms.get(0).one(new AddN(), terms.subList(1, terms.size()).toArray(new Tensor[0]));
    }

    // Reductions

    /** The sum over {@code dims}, which disappear. */
    public Tensor sum(int... dims) {
        return reduce(Reduction.SUM, dims);
    }

    /** The sum of all elements, a scalar. */
    public Tensor sumAll() {
        return sum(IntStream.range(0, numDims()).toArray());
    }

    /** The sum of the squares of all elements, a scalar. */
    public Tensor sumSquares() {
        return one(new SumSquares());
    }

    /** The mean of all elements, a scalar. */
    public Tensor meanAll() {
        return sumAll().div((double) shape().numElements());
    }

    /** The sum over one dim, kept with size 1 if {@code keepDim}. */
    public Tensor sum(int dim, boolean keepDim) {
        return keep(sum(dim), dim, keepDim);
    }

    /** The largest element over one dim, kept with size 1 if {@code keepDim}. */
    public Tensor max(int dim, boolean keepDim) {
        return keep(reduce(Reduction.MAX, dim), dim, keepDim);
    }

    /** The mean over one dim, kept with size 1 if {@code keepDim}. */
    public Tensor mean(int dim, boolean keepDim) {
        return sum(dim, keepDim).div((double) shape().dim(dim));
    }

    /** Combines the elements over {@code dims}, which disappear. */
    public Tensor reduce(Reduction kind, int... dims) {
        if (dims.length == 0) {
            return this;
        }
        List<Integer> sorted = Arrays.stream(dims)
                .map(dim -> dim < 0 ? dim + numDims() : dim)
                .sorted()
                .boxed()
                .toList();
        return one(new Reduce(kind, sorted));
    }

    private Tensor keep(Tensor reduced, int dim, boolean keepDim) {
        return keepDim ? reduced.reshape(shape().with(dim, 1)) : reduced;
    }

    /** Sums what broadcasting from {@code target} had repeated, giving that shape. */
    public Tensor sumTo(Shape target) {
        if (target.equals(shape())) {
            return this;
        }
        int shift = numDims() - target.numDims();
        int[] dims = IntStream.range(0, numDims())
                .filter(i -> i < shift || (target.dim(i - shift) == 1 && shape().dim(i) != 1))
                .toArray();
        return sum(dims).cast(dtype()).reshape(target);
    }

    // Shape

    /** The same elements in row-major order under another shape. */
    public Tensor reshape(Shape target) {
        return target.equals(shape()) ? this : one(new Reshape(target));
    }

    /** As {@link #reshape(Shape)}. */
    public Tensor reshape(long... dims) {
        return reshape(Shape.shape(dims));
    }

    /** Dims reordered: dim i of the result is dim permutation[i] of this. */
    public Tensor transpose(int... permutation) {
        return one(new Transpose(Arrays.stream(permutation).boxed().toList()));
    }

    /** This repeated along dims of size 1, and missing leading dims, up to {@code target}. */
    public Tensor broadcastTo(Shape target) {
        return target.equals(shape()) ? this : one(new BroadcastTo(target));
    }

    /** {@code size} elements of dim {@code dim} beginning at {@code start}. */
    public Tensor slice(int dim, long start, long size) {
        int index = dim < 0 ? dim + numDims() : dim;
        List<Long> starts = new ArrayList<>();
        List<Long> sizes = new ArrayList<>();
        for (int i = 0; i < numDims(); i++) {
            starts.add(i == index ? start : 0L);
            sizes.add(i == index ? size : shape().dim(i));
        }
        return one(new Slice(starts, sizes));
    }

    /** Tensors joined end to end along {@code dim}. */
    public static Tensor concat(int dim, List<Tensor> parts) {
        return parts.get(0).one(new Concat(dim), parts.subList(1, parts.size()).toArray(new Tensor[0]));
    }

    // Indices and constants

    /** Rows of this table [v, h] by integer index. */
    public Tensor gatherRows(Traceable indices) {
        return one(new GatherRows(ShardOffset.ZERO), indices);
    }

    /** Each element its own index along {@code dim}. */
    public Tensor iota(TensorType type, int dim) {
        return source(new Iota(type, dim, ShardOffset.ZERO));
    }

    /** As {@link #iota(TensorType, int)}, counting from {@code offset}. */
    Tensor iota(TensorType type, int dim, ShardOffset offset) {
        return source(new Iota(type, dim, offset));
    }

    /** A tensor like this one, full of {@code fill}. */
    public Tensor filled(double fill) {
        return source(new Fill(type(), fill));
    }

    /** A scalar of this tensor's element type. */
    public Tensor scalar(double constant) {
        return source(new Fill(new TensorType(dtype(), Shape.shape()), constant));
    }

    /** Numbers in [0, 1), a function of seed, stream, this (the step, an integer scalar) and the element's index. */
    public Tensor randomUniform(TensorType type, long seed, int stream) {
        List<ShardOffset> offsets = java.util.Collections.nCopies(type.numDims(), ShardOffset.ZERO);
        return one(new RandomUniform(type, seed, stream, type.shape(), offsets));
    }

    // Products and fused ops

    /** A product given by letters, this being the left operand: see {@link Einsum}. */
    public Tensor einsum(String equation, Traceable right) {
        return one(new Einsum(equation), right);
    }

    /**
     * The matrix product over the last dim of this and the first dim of a 2-d {@code operand}, or of two batches of
     * matrices with the same leading dims.
     */
    public Tensor matmul(Traceable operand) {
        Tensor right = operand.on(graph);
        String letters = "abcdefghijklmnop".substring(0, Math.max(0, numDims() - 2));
        String equation = right.numDims() == 2
                ? letters + (numDims() > 1 ? "x" : "") + "y,yz->" + letters + (numDims() > 1 ? "x" : "") + "z"
                : letters + "xy," + letters + "yz->" + letters + "xz";
        return einsum(equation, right);
    }

    /** exp(this) / sum(exp(this)) over the last dim. */
    public Tensor softmax() {
        return one(new Softmax());
    }

    /** Layer normalization over the last dim: see {@link LayerNorm}. */
    public Tensor layerNorm(Traceable gamma, Traceable beta, double epsilon) {
        return one(new LayerNorm(epsilon), gamma, beta);
    }

    /** Root-mean-square normalization over the last dim: see {@link RmsNorm}. */
    public Tensor rmsNorm(Traceable gamma, double epsilon) {
        return one(new RmsNorm(epsilon), gamma);
    }

    /** Rotary position embedding over dims [..., position, size]: see {@link Rotary}. */
    public Tensor rotary(double theta) {
        return one(new Rotary(theta, false, ShardOffset.ZERO));
    }

    /** Causal attention of these queries [b, h, t, d] over keys and values of the same shape. */
    public Tensor causalAttention(Traceable keys, Traceable values, double scale) {
        return one(new Attention(scale), keys, values);
    }

    /** The loss of each row of these logits [..., v] for integer labels [...]. */
    public Tensor crossEntropy(Traceable labels) {
        return one(new CrossEntropy(), labels);
    }

    /** The same tensor, through which no gradient flows: see {@link StopGradient}. */
    public Tensor stopGradient() {
        return one(new StopGradient());
    }

    /** The same tensor, laid out by {@code spec}. */
    public Tensor sharded(PartitionSpec spec) {
        return one(new Constrain(spec));
    }

    /** The same tensor, laid out by {@code spec}, and its gradient by {@code gradientSpec}. */
    public Tensor sharded(PartitionSpec spec, PartitionSpec gradientSpec) {
        return one(new Constrain(spec, gradientSpec));
    }

    /** For example {@code %4:f32[8, 16]}. */
    @Override
    public String toString() {
        return value + ":" + value.type();
    }
}
