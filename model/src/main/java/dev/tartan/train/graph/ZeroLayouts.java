package dev.tartan.train.graph;

import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.StorageLayout;
import dev.tartan.network.ParamLayout;
import dev.tartan.train.config.PrecisionPolicy;
import dev.tartan.train.config.StrategyConfig;

/**
 * Where a parameter's three parts are kept at a stage of ZeRO: those that the stage covers are split over {@code data}
 * besides the axes the parameter is split over anyway. Source: Rajbhandari et al. 2020, "ZeRO".
 *
 * <pre>
 * stage   parameter   gradient   optimizer state
 *   0     as used     as used    as used
 *   1     as used     as used    split           gradients are whole until the backward pass is over
 *   2     as used     split      split
 *   3     split       split      split
 * </pre>
 *
 * <p>With overlap, stages 1 and 2 keep parameters split from step to step as well: they are gathered once, while the
 * forward pass runs, where stage 3 gathers them for each pass. So they do where parameters are used in another type
 * than they are kept in: then it is what they are rounded to that is gathered.
 *
 * @param parameter where the parameter itself is kept
 * @param gradient where its gradient is kept from the backward pass to the update
 * @param state where its optimizer state is kept, and the gradient is needed for the update
 */
record ZeroLayouts(StorageLayout parameter, StorageLayout gradient, StorageLayout state) {
    private static final int GRADIENTS = 2;

    /** The layouts of one parameter. */
    static ZeroLayouts of(StrategyConfig strategy, PrecisionPolicy precision, Mesh mesh, ParamLayout layout) {
        int stage = strategy.zero();
        StorageLayout asUsed = StorageLayout.asUsed(layout.shape(), layout.spec());
        boolean splits = stage > 0
                && mesh.axisNames().contains(RunMesh.DATA_AXIS)
                && mesh.axisSize(RunMesh.DATA_AXIS) > 1
                && !layout.spec().usedAxes().contains(RunMesh.DATA_AXIS);
        if (!splits) {
            return new ZeroLayouts(asUsed, asUsed, asUsed);
        }
        StorageLayout split = StorageLayout.splitOver(mesh, RunMesh.DATA_AXIS, layout.shape(), layout.spec());
        return new ZeroLayouts(
                strategy.splitsParameters(precision) ? split : asUsed, stage >= GRADIENTS ? split : asUsed, split);
    }
}
