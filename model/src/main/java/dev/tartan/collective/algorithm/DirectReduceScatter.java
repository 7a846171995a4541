package dev.tartan.collective.algorithm;

import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.CollectiveOp;

/**
 * A {@link DirectReduction}, whose sum is the result.
 *
 * <p>Cost: steps P-1, bytes sent S(P-1)/P, bytes combined S(P-1)/P. All ranks send to all.
 */
final class DirectReduceScatter extends DirectReduction implements CollectiveAlgorithm {
    DirectReduceScatter(Workspace workspace) {
        super(workspace);
    }

    @Override
    public String name() {
        return "direct";
    }

    @Override
    public CollectiveOp op() {
        return CollectiveOp.REDUCE_SCATTER;
    }

    @Override
    long chunkOffset(CollectiveCall call, int chunk) {
        return call.output().bytes() * chunk;
    }

    @Override
    long kept(CollectiveCall call, long offset) {
        return call.output().address() + offset - chunkOffset(call, workspace().rank());
    }

    @Override
    public void run(CollectiveCall call) {
        reduce(call);
    }
}
