package dev.tartan.dl4j;

import dev.tartan.graph.DType;
import dev.tartan.mesh.Shape;
import dev.tartan.op.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.deeplearning4j.nn.conf.layers.objdetect.Yolo2OutputLayer;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.activations.impl.ActivationIdentity;
import org.nd4j.linalg.activations.impl.ActivationSoftmax;

/**
 * Boxes and classes of objects in a grid. For each of {@code boxes} priors and each cell the layer gives, of {@code [n,
 * boxes * (5 + classes), h, w]}, where the box's center is in the cell, its size, its confidence, and the object's
 * class. Labels are {@code [n, 4 + classes, h, w]}: in cells that have the center of an object its corners, x1, y1, x2,
 * y2 in cells of the grid, and its class; zeros in others. Within this class values are {@code [n, numbers, boxes, h,
 * w]}. Source: Redmon and Farhadi 2016, as DL4J computes it.
 */
final class YoloModule extends LossModule {
    private static final int CENTER = 0;
    private static final int SIZE = 2;
    private static final int CONFIDENCE = 4;
    private static final int CLASSES = 5;
    private static final int CORNERS = 4;

    private final Yolo2OutputLayer layer;
    private final double[][] priors;

    YoloModule(Yolo2OutputLayer layer) {
        super(layer);
        this.layer = layer;
        this.priors = layer.getBoundingBoxes().toDoubleMatrix();
    }

    /**
     * What is predicted.
     *
     * @param classes before their softmax
     */
    private record Predicted(Tensor center, Tensor size, Tensor confidence, Tensor classes) {}

    /** DL4J takes no mask: cells without an object have no class. */
    @Override
    boolean takesMask() {
        return false;
    }

    @Override
    boolean layOut(boolean split) {
        return false;
    }

    @Override
    Scored score(Signal in, LayerPass pass) {
        return new Scored(in.value(), in.value());
    }

    @Override
    Shape labels(Shape z) {
        long perBox = z.dim(1) / priors.length;
        return ofSample(z).with(0, CORNERS + perBox - CLASSES);
    }

    @Override
    Tensor activated(Tensor z) {
        Predicted p = predicted(z);
        Tensor all = Tensor.concat(1, List.of(p.center, p.size, p.confidence, Activations.softmax(p.classes)));
        return all.transpose(0, 2, 1, 3, 4).reshape(z.shape());
    }

    private Predicted predicted(Tensor z) {
        long[] dims = z.shape().dims();
        long perBox = dims[1] / priors.length;
        Tensor x = z.reshape(dims[0], priors.length, perBox, dims[2], dims[3]).transpose(0, 2, 1, 3, 4);
        Tensor size = x.slice(1, SIZE, 2).exp();
        List<Tensor> sides = new ArrayList<>();
        for (int side = 0; side < 2; side++) {
            List<Tensor> boxes = new ArrayList<>();
            for (int box = 0; box < priors.length; box++) {
                boxes.add(size.slice(1, side, 1).slice(2, box, 1).mul(priors[box][side]));
            }
            sides.add(Tensor.concat(2, boxes));
        }
        return new Predicted(
                x.slice(1, CENTER, 2).sigmoid(),
                Tensor.concat(1, sides),
                x.slice(1, CONFIDENCE, 1).sigmoid(),
                x.slice(1, CLASSES, perBox - CLASSES));
    }

    @Override
    Tensor losses(Scored scored, Tensor labels, @Nullable Tensor mask, LayerPass pass) {
        Predicted p = predicted(scored.z());
        long[] dims = labels.shape().dims();
        Tensor y = labels.reshape(dims[0], dims[1], 1, dims[2], dims[3]);
        Tensor topLeft = y.slice(1, 0, 2);
        Tensor bottomRight = y.slice(1, 2, 2);
        Tensor classes = y.slice(1, CORNERS, dims[1] - CORNERS);
        Tensor present = classes.sum(1, true);
        Tensor overlap = overlap(p, topLeft, bottomRight, present);
        Tensor isBest = best(overlap.stopGradient())
                .mul(present.notEqualTo(present.scalar(0)).cast(y.dtype()));

        Tensor middle = topLeft.add(bottomRight).mul(0.5);
        Losses position = new Losses(layer.getLossPositionScale(), new ActivationIdentity(), pass.correct());
        Losses classification = new Losses(layer.getLossClassPredictions(), new ActivationSoftmax(), pass.correct());
        Shape boxes = p.size.shape();
        Tensor place = position.ofSamples(p.center, middle.sub(floor(middle)).broadcastTo(boxes), isBest);
        Tensor sides = position.ofSamples(
                p.size.sqrt(), bottomRight.sub(topLeft).sqrt().broadcastTo(boxes), isBest);
        Tensor kinds = classification.ofSamples(p.classes, classes.broadcastTo(p.classes.shape()), isBest);
        Tensor others = isBest.rsub(1).mul(layer.getLambdaNoObj());
        Tensor confidence = p.confidence
                .sub(overlap.mul(isBest))
                .square()
                .mul(isBest.add(others))
                .sum(1, 2, 3, 4);
        return place.add(sides).mul(layer.getLambdaCoord()).add(confidence).add(kinds);
    }

    /** The box with the largest overlap in each cell, the first of several: {@code [n, 1, boxes, h, w]} of 0 and 1. */
    private static Tensor best(Tensor overlap) {
        Tensor isLargest = overlap.equalTo(overlap.max(2, true)).cast(overlap.dtype());
        long boxes = overlap.shape().dim(2);
        Tensor order = overlap.iota(overlap.type(), 2).rsub((double) boxes).mul(isLargest);
        return order.equalTo(order.max(2, true)).cast(overlap.dtype());
    }

    /** Intersection over union of predicted boxes and the cell's labels, {@code [n, 1, boxes, h, w]}. */
    private static Tensor overlap(Predicted p, Tensor topLeft, Tensor bottomRight, Tensor present) {
        Tensor sides = p.size;
        Tensor cells = Tensor.concat(
                1, List.of(p.confidence.iota(p.confidence.type(), 4), p.confidence.iota(p.confidence.type(), 3)));
        Tensor middle = p.center.add(cells);
        Tensor low = middle.sub(sides.mul(0.5));
        Tensor high = middle.add(sides.mul(0.5));
        Tensor extent = high.min(bottomRight.broadcastTo(high.shape())).sub(low.max(topLeft.broadcastTo(low.shape())));
        Tensor shares = apart(high, topLeft).mul(apart(bottomRight.broadcastTo(low.shape()), low));
        Tensor meets = product(shares).mul(present).stopGradient();
        Tensor common = product(extent).mul(meets);
        Tensor union = product(sides)
                .mul(present)
                .add(product(bottomRight.sub(topLeft)))
                .sub(common);
        Tensor isThere = meets.greaterThan(0);
        Tensor safe = Tensor.select(isThere, union, union.filled(1));
        return common.div(safe);
    }

    /** 1 where a number is larger than another. */
    private static Tensor apart(Tensor larger, Tensor smaller) {
        return larger.greaterThan(smaller.broadcastTo(larger.shape())).cast(larger.dtype());
    }

    /** Of the two numbers of dim 1. */
    private static Tensor product(Tensor x) {
        return x.slice(1, 0, 1).mul(x.slice(1, 1, 1));
    }

    /** Towards less, also of numbers below 0. */
    private static Tensor floor(Tensor x) {
        Tensor cut = x.cast(DType.INT32).cast(x.dtype());
        return cut.sub(cut.greaterThan(x).cast(x.dtype()));
    }
}
