package dev.tartan.dl4j;

import dev.tartan.mesh.Shape;
import dev.tartan.op.Tensor;
import org.deeplearning4j.nn.conf.layers.recurrent.Bidirectional;
import org.deeplearning4j.nn.conf.layers.recurrent.LastTimeStep;

/** The last step that counts of what a recurrent layer gives: {@code [n, in, steps] -> [n, units]}. */
final class LastTimeStepModule extends LayerModule {
    private final LayerModule underlying;

    LastTimeStepModule(LastTimeStep layer) {
        super(layer);
        underlying = part(
                "underlying",
                "",
                layer.getUnderlying() instanceof Bidirectional both
                        ? new BidirectionalModule(both)
                        : RecurrentParts.create(layer.getUnderlying(), false, true));
    }

    /** Units need each other at each step, so they stay whole. */
    @Override
    boolean layOut(boolean split) {
        return false;
    }

    @Override
    Signal call(Signal in, LayerPass pass) {
        return new Signal(last(underlying.call(in, pass)), null);
    }

    /** The last step of each sample that its mask counts; the last of all without a mask. */
    static Tensor last(Signal in) {
        Tensor y = in.value();
        long steps = in.size(2);
        Tensor mask = in.mask();
        if (mask == null) {
            return y.slice(2, steps - 1, 1).reshape(in.size(0), in.size(1));
        }
        Tensor number = mask.iota(mask.type(), 1).add(1);
        Tensor counted = number.mul(mask.notEqualTo(mask.scalar(0)).cast(mask.dtype()));
        Tensor isLast = counted.equalTo(counted.max(1, true)).cast(mask.dtype());
        return y.mul(isLast.reshape(Shape.shape(in.size(0), 1, steps))).sum(2);
    }
}
