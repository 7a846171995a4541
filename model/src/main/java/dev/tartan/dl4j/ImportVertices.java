package dev.tartan.dl4j;

import dev.tartan.mesh.Shape;
import dev.tartan.op.Tensor;
import java.util.List;
import org.deeplearning4j.nn.conf.graph.ElementWiseVertex;
import org.deeplearning4j.nn.conf.graph.GraphVertex;
import org.deeplearning4j.nn.conf.graph.L2NormalizeVertex;
import org.deeplearning4j.nn.conf.graph.MergeVertex;
import org.deeplearning4j.nn.conf.graph.ScaleVertex;
import org.deeplearning4j.nn.conf.graph.ShiftVertex;
import org.deeplearning4j.nn.conf.graph.SubsetVertex;
import org.jspecify.annotations.Nullable;

/** The vertices of DL4J's graphs that are known here. */
final class ImportVertices {
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
        boolean known = vertex instanceof ElementWiseVertex
                || vertex instanceof ScaleVertex
                || vertex instanceof ShiftVertex
                || vertex instanceof SubsetVertex;
        return known ? null : "vertex " + vertex.getClass().getSimpleName();
    }

    /** The function of a vertex of which nothing is unknown. */
    static VertexFunction create(GraphVertex vertex) {
        if (vertex instanceof MergeVertex) {
            return in -> in.get(0)
                    .with(Tensor.concat(
                            Activations.FEATURES, in.stream().map(Signal::value).toList()));
        } else if (vertex instanceof ElementWiseVertex each) {
            return in -> in.get(0).with(combined(each.getOp(), in));
        } else if (vertex instanceof ScaleVertex scale) {
            return in -> in.get(0).with(in.get(0).value().mul(scale.getScaleFactor()));
        } else if (vertex instanceof ShiftVertex shift) {
            return in -> in.get(0).with(in.get(0).value().add(shift.getShiftFactor()));
        } else if (vertex instanceof SubsetVertex subset) {
            return in -> in.get(0)
                    .with(in.get(0)
                            .value()
                            .slice(Activations.FEATURES, subset.getFrom(), subset.getTo() - subset.getFrom() + 1L));
        } else if (vertex instanceof L2NormalizeVertex norm) {
            return in -> in.get(0).with(normalized(in.get(0).value(), norm.getEps()));
        }
        throw new IllegalArgumentException(
                "vertex is not known: vertex=" + vertex.getClass().getSimpleName() + ".");
    }

    private static Tensor normalized(Tensor x, double epsilon) {
        Tensor squares = x.square();
        for (int dim = 1; dim < x.numDims(); dim++) {
            squares = squares.sum(dim, true);
        }
        return x.div(squares.sqrt().max(epsilon));
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
