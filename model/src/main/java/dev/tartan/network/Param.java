package dev.tartan.network;

import dev.tartan.graph.DType;
import dev.tartan.graph.GraphBuilder;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.PartitionSpec;
import dev.tartan.mesh.Shape;
import dev.tartan.op.Tensor;
import dev.tartan.op.Traceable;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.CRC32;
import org.jspecify.annotations.Nullable;

/**
 * A trained tensor of a network: name, shape, layout and initial values, but no storage. Used as an operand it becomes
 * an input of the graph.
 *
 * <p>Its shape in the graph may differ from its shape in a Hugging Face file, where the same elements in row-major
 * order have fewer dims: GPT-2's {@code c_attn.weight} is {@code [C, 3C]} there and {@code [C, 3, heads, C/heads]}
 * here, so that it splits over heads.
 *
 * <p>What the methods that return {@code this} set belongs to declaring the network; do not call them after tracing.
 */
public final class Param implements Traceable {
    private final Module owner;
    private final String localName;
    private final Shape shape;
    private final Initializer initializer;
    private Shape fileShape;
    private PartitionSpec spec;
    private @Nullable Integer paddableDim;
    private boolean replicatedIfIndivisible;
    private boolean frozen;
    private boolean state;
    private double learningRateFactor = 1;
    private @Nullable Boolean decay;

    Param(Module owner, String localName, Shape shape, Initializer initializer) {
        this.owner = owner;
        this.localName = localName;
        this.shape = shape;
        this.initializer = initializer;
        this.fileShape = shape;
        this.spec = PartitionSpec.replicated(shape.numDims());
    }

    /**
     * Lays this out by {@code layout}, whose axes must divide the dims they split.
     *
     * @throws IllegalArgumentException if the spec is longer than the shape
     */
    public Param sharded(PartitionSpec layout) {
        spec = layout.extendedTo(shape.numDims());
        return this;
    }

    /**
     * Gives the shape in files.
     *
     * @throws IllegalArgumentException if it has another number of elements
     */
    public Param inFileAs(Shape declared) {
        if (declared.numElements() != shape.numElements()) {
            throw new IllegalArgumentException(
                    "file shape of '" + name() + "' has another number of elements: fileShape=" + declared + ", shape="
                            + shape + ". Give a reshape.");
        }
        fileShape = declared;
        return this;
    }

    /** Lets the compiler pad {@code dim} with zeros up to the next multiple of its axes' size, unseen in files. */
    public Param paddable(int dim) {
        paddableDim = dim;
        return this;
    }

    /** Leaves a dim whole, with a note, instead of failing where its axes do not divide it. */
    public Param replicatedIfIndivisible() {
        replicatedIfIndivisible = true;
        return this;
    }

    Param asState() {
        state = true;
        return this;
    }

    /** Leaves this as it is: it has no gradient and no optimizer state, and no step changes it. */
    public Param frozen() {
        frozen = true;
        return this;
    }

    /**
     * Multiplies the learning rate of this parameter, whatever the schedule; with AdamW the decay too, as in PyTorch.
     *
     * @throws IllegalArgumentException if the factor is negative or not a number
     */
    public Param learningRateFactor(double factor) {
        if (!(factor >= 0 && factor < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("learning-rate factor of '" + name() + "' is no number of 0 or more:"
                    + " factor=" + factor + ". Give a finite one.");
        }
        learningRateFactor = factor;
        return this;
    }

    /** Says whether weight decay applies, in place of {@link #decays}'s rule. */
    public Param decay(boolean applies) {
        decay = applies;
        return this;
    }

    /** The full dotted name, as in files. */
    public String name() {
        return owner.join(localName);
    }

    /** The module that declares it. */
    public Module module() {
        return owner;
    }

    /** The shape in graphs, without padding. */
    public Shape shape() {
        return shape;
    }

    /** The shape in files: the same elements in row-major order. */
    public Shape fileShape() {
        return fileShape;
    }

    /** The declared layout, one entry per dim. */
    public PartitionSpec spec() {
        return spec;
    }

    /** Whether {@code dim} may be padded. */
    public boolean isPaddable(int dim) {
        return paddableDim != null && paddableDim == dim;
    }

    /** Whether dims that their axes do not divide are left whole. */
    public boolean isReplicatedIfIndivisible() {
        return replicatedIfIndivisible;
    }

    /**
     * Whether weight decay applies: if nothing else was said, to tensors of two or more dims in files, so not to biases
     * and norms.
     */
    public boolean decays() {
        return decay == null ? fileShape.numDims() >= 2 : decay;
    }

    /** Whether this has a gradient: it is neither frozen nor a {@link Module#state state}. */
    public boolean isTrained() {
        return !frozen && !state;
    }

    /** Whether this was declared by {@link Module#state}. */
    public boolean isState() {
        return state;
    }

    /** Whether no step changes this. */
    public boolean isFrozen() {
        return frozen;
    }

    /** What the learning rate is multiplied by. */
    public double learningRateFactor() {
        return learningRateFactor;
    }

    /**
     * The input of {@code graph} that stands for this, without padding and FLOAT32 if not bound to another type before.
     */
    @Override
    public Tensor on(GraphBuilder graph) {
        return bind(graph, new TensorType(DType.FLOAT32, shape));
    }

    /** As {@link #on}, with the type that the first call for this parameter and graph gives. */
    public Tensor bind(GraphBuilder graph, TensorType type) {
        return Tensor.of(graph, graph.inputFor(this, name(), type));
    }

    /**
     * The initial values of a box of this parameter, in row-major order. Boxes may reach into padding, which is zero.
     *
     * @param starts first index along each dim of the shape in graphs
     * @param sizes number of elements along each dim
     */
    public float[] initialValues(long seed, long[] starts, long[] sizes) {
        return initialValues(shape, seed, starts, sizes);
    }

    /**
     * As {@link #initialValues(long, long[], long[])}, of a box of this parameter viewed as another shape.
     *
     * @param view a shape of the same elements in row-major order
     */
    public float[] initialValues(Shape view, long seed, long[] starts, long[] sizes) {
        float[] values = new float[Math.toIntExact(Shape.shape(sizes).numElements())];
        if (values.length == 0) {
            return values;
        }
        Initializer.Elements elements = initializer.elements(shape, seed, stream());
        int last = sizes.length - 1;
        int runLength = sizes.length == 0 ? 1 : Math.toIntExact(sizes[last]);
        long[] index = starts.clone();
        for (int at = 0; at < values.length; at += runLength) {
            fillRun(elements, view, index, values, at, runLength);
            for (int dim = last - 1; dim >= 0 && ++index[dim] == starts[dim] + sizes[dim]; dim--) {
                index[dim] = starts[dim];
            }
        }
        return values;
    }

    private static void fillRun(
            Initializer.Elements elements, Shape view, long[] index, float[] values, int at, int runLength) {
        long flat = 0;
        for (int dim = 0; dim < index.length; dim++) {
            if (dim < index.length - 1 && index[dim] >= view.dim(dim)) {
                return;
            }
            flat = flat * view.dim(dim) + index[dim];
        }
        long within = index.length == 0 ? 1 : Math.min(runLength, view.dim(-1) - index[index.length - 1]);
        for (int i = 0; i < within; i++) {
            values[at + i] = elements.at(flat + i);
        }
    }

    /** Depends on the name only, so a network's other parameters do not matter. */
    private int stream() {
        CRC32 crc = new CRC32();
        crc.update(name().getBytes(StandardCharsets.UTF_8));
        return (int) crc.getValue();
    }

    /** For example {@code wte.weight[256, 64] laid out [model, -]}. */
    @Override
    public String toString() {
        return name() + Arrays.toString(shape.dims()) + " laid out " + spec;
    }
}
