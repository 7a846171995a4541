package dev.tartan.dl4j;

import dev.tartan.mesh.Shape;
import dev.tartan.op.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.L2NormalizeVertex;
import org.deeplearning4j.nn.conf.graph.L2Vertex;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.graph.PoolHelperVertex;
import org.deeplearning4j.nn.conf.graph.PreprocessorVertex;
import org.deeplearning4j.nn.conf.graph.ReshapeVertex;
import org.deeplearning4j.nn.conf.graph.ScaleVertex;
import org.deeplearning4j.nn.conf.graph.ShiftVertex;
import org.deeplearning4j.nn.conf.graph.StackVertex;
import org.deeplearning4j.nn.conf.graph.SubsetVertex;
import org.deeplearning4j.nn.conf.graph.UnstackVertex;
import org.deeplearning4j.nn.conf.graph.rnn.DuplicateToTimeSeriesVertex;
import org.deeplearning4j.nn.conf.graph.rnn.LastTimeStepVertex;
import org.deeplearning4j.nn.conf.graph.rnn.ReverseTimeSeriesVertex;
import org.jspecify.annotations.Nullable;

/** The vertices of DL4J's graphs that are known here. */
final class ImportVertices {
    /** Its default: DL4J writes and copies L2Vertex without another one. */
    private static final double L2_EPSILON = 1e-8;

    private ImportVertices() {}

    /** What is not known about a vertex; null if all is. */
    static @Nullable String unknown(GraphVertex vertex) {
        if (vertex instanceof MergeVertex merge) {
            return merge.getMergeAxis() == 1 ? null : "MergeVertex with axis " + merge.getMergeAxis();
        } else if (vertex instanceof L2NormalizeVertex norm) {
            int[] dims = norm.getDimension();
            boolean ofFeatures = dims == null || dims.length == 0 || (dims.length == 1 && dims[0] == 1);
            return ofFeatures ? null : "L2NormalizeVertex of other dims than 1";
        }
        if (vertex instanceof ReshapeVertex reshape) {
            boolean keepsSamples = reshape.getReshapeOrder() == 'c' && reshape.getNewShape()[0] == -1;
            return keepsSamples ? null : "ReshapeVertex that does not keep samples apart";
        } else if (vertex instanceof PreprocessorVertex before) {
            return Preprocessors.unknown(before.getPreProcessor());
        }
        boolean known = vertex instanceof ElementWiseVertex
                || vertex instanceof PoolHelperVertex
                || vertex instanceof LastTimeStepVertex
                || vertex instanceof DuplicateToTimeSeriesVertex
                || vertex instanceof ScaleVertex
                || vertex instanceof ShiftVertex
                || vertex instanceof StackVertex
                || vertex instanceof UnstackVertex
                || vertex instanceof L2Vertex
                || vertex instanceof ReverseTimeSeriesVertex
                || vertex instanceof SubsetVertex;
        return known ? null : "vertex " + vertex.getClass().getSimpleName();
    }

    /** The function of a vertex of which nothing is unknown. */
    static VertexFunction create(GraphVertex vertex) {
        if (vertex instanceof MergeVertex) {
            return (in, all) -> in.get(0)
                    .with(Tensor.concat(
                            Activations.FEATURES, in.stream().map(Signal::value).toList()));
        } else if (vertex instanceof ElementWiseVertex each) {
            return (in, all) -> in.get(0).with(combined(each.getOp(), in));
        } else if (vertex instanceof ScaleVertex scale) {
            return (in, all) -> in.get(0).with(in.get(0).value().mul(scale.getScaleFactor()));
        } else if (vertex instanceof ShiftVertex shift) {
            return (in, all) -> in.get(0).with(in.get(0).value().add(shift.getShiftFactor()));
        } else if (vertex instanceof SubsetVertex subset) {
            return (in, all) -> in.get(0)
                    .with(in.get(0)
                            .value()
                            .slice(Activations.FEATURES, subset.getFrom(), subset.getTo() - subset.getFrom() + 1L));
        } else if (vertex instanceof L2NormalizeVertex norm) {
            return (in, all) -> in.get(0).with(normalized(in.get(0).value(), norm.getEps()));
        }
        return createOther(vertex);
    }

    private static VertexFunction createOther(GraphVertex vertex) {
        if (vertex instanceof StackVertex) {
            return (in, all) -> StackedVertices.stacked(in);
        } else if (vertex instanceof UnstackVertex unstack) {
            return (in, all) -> StackedVertices.unstacked(in.get(0), unstack.getFrom(), unstack.getStackSize());
        } else if (vertex instanceof L2Vertex) {
            return (in, all) ->
                    in.get(0).with(distance(in.get(0).value(), in.get(1).value()));
        } else if (vertex instanceof ReverseTimeSeriesVertex reverse) {
            String input = reverse.getMaskArrayInputName();
            return (in, all) -> in.get(0)
                    .with(StepLayouts.reversed(
                            in.get(0).value(),
                            input == null ? null : signal(all, input).mask()));
        } else if (vertex instanceof PoolHelperVertex) {
            return (in, all) -> in.get(0).with(withoutFirst(in.get(0).value()));
        } else if (vertex instanceof LastTimeStepVertex last) {
            String input = last.getMaskArrayInputName();
            return (in, all) -> {
                Tensor mask = input == null ? null : signal(all, input).mask();
                return new Signal(LastTimeStepModule.last(new Signal(in.get(0).value(), mask)), null);
            };
        } else if (vertex instanceof DuplicateToTimeSeriesVertex duplicate) {
            return (in, all) -> {
                Signal like = signal(all, duplicate.getInputName());
                Tensor x = in.get(0).value();
                Shape steps = Shape.shape(x.shape().dim(0), x.shape().dim(1), like.size(2));
                Tensor repeated =
                        x.reshape(x.shape().dim(0), x.shape().dim(1), 1).broadcastTo(steps);
                return new Signal(repeated, like.mask());
            };
        } else if (vertex instanceof ReshapeVertex reshape) {
            return (in, all) -> {
                long[] dims =
                        Arrays.stream(reshape.getNewShape()).asLongStream().toArray();
                dims[0] = in.get(0).size(0);
                return in.get(0).with(in.get(0).value().reshape(dims));
            };
        } else if (vertex instanceof PreprocessorVertex before) {
            return (in, all) -> Preprocessors.apply(
                    before.getPreProcessor(),
                    in.get(0),
                    all.values().iterator().next().size(0));
        }
        throw new IllegalArgumentException(
                "vertex is not known: vertex=" + vertex.getClass().getSimpleName() + ".");
    }

    private static Signal signal(Map<String, Signal> all, String name) {
        return Objects.requireNonNull(all.get(name), name);
    }

    /** Images without their first row and column, as GoogLeNet's Caffe pooling wants them. */
    private static Tensor withoutFirst(Tensor x) {
        return x.slice(2, 1, x.shape().dim(2) - 1).slice(3, 1, x.shape().dim(3) - 1);
    }

    private static Tensor normalized(Tensor x, double epsilon) {
        Tensor squares = x.square();
        for (int dim = 1; dim < x.numDims(); dim++) {
            squares = squares.sum(dim, true);
        }
        return x.div(squares.sqrt().max(epsilon));
    }

    /** Euclidean distance {@code [n, 1]}; DL4J's epsilon is in its gradient alone. */
    private static Tensor distance(Tensor a, Tensor b) {
        Tensor difference = a.sub(b);
        int[] dims = IntStream.range(1, a.numDims()).toArray();
        long[] column = {a.shape().dim(0), 1};
        Tensor distance = difference.square().sum(dims).sqrt().reshape(column).stopGradient();
        long[] each = a.shape().dims();
        Arrays.fill(each, 1, each.length, 1);
        Tensor direction = difference
                .stopGradient()
                .div(distance.max(L2_EPSILON).reshape(each).broadcastTo(a.shape()));
        return Activations.withGradientOf(
                distance, difference.mul(direction).sum(dims).reshape(column));
    }

    private static Tensor combined(ElementWiseVertex.Op op, List<Signal> in) {
        Shape widest = in.get(0).value().shape();
        for (Signal signal : in) {
            widest = signal.value().shape().numElements() > widest.numElements()
                    ? signal.value().shape()
                    : widest;
        }
        Shape target = widest;
        List<Tensor> x = in.stream().map(s -> s.value().broadcastTo(target)).toList();
        return switch (op) {
            case Add -> Tensor.sumOf(x);
            case Average -> Tensor.sumOf(x).div((double) x.size());
            case Subtract -> x.get(0).sub(x.get(1));
            case Product -> x.stream().reduce(Tensor::mul).orElseThrow();
            case Max -> x.stream().reduce(Tensor::max).orElseThrow();
        };
    }
}
