package dev.tartan.train.graph;

import dev.tartan.autodiff.KeptValues;
import dev.tartan.mesh.Mesh;
import dev.tartan.network.ForwardPass;
import dev.tartan.network.Network;
import dev.tartan.op.Tensor;
import dev.tartan.train.config.StrategyConfig;
import java.util.List;

/** What a strategy asks of the forward and the backward pass of a step. */
final class TracedStrategy {
    private final StepOptions options;
    private final StrategyConfig strategy;
    private final boolean splitsSequences;

    TracedStrategy(StepOptions options) {
        this.options = options;
        this.strategy = options.strategy();
        this.splitsSequences = strategy.sequenceParallel() && isSplit(options.mesh(), RunMesh.MODEL_AXIS);
    }

    private static boolean isSplit(Mesh mesh, String axis) {
        return mesh.axisNames().contains(axis) && mesh.axisSize(axis) > 1;
    }

    /** A forward pass of training. */
    ForwardPass forwardPass(Tensor step) {
        return split(ForwardPass.training(step, options.seed()));
    }

    /** A forward pass without training, laid out as those of training. */
    ForwardPass inferencePass() {
        return split(ForwardPass.inference());
    }

    private ForwardPass split(ForwardPass pass) {
        if (!splitsSequences) {
            return pass;
        }
        List<String> batchAxes = RunMesh.batchAxes(options.mesh()).stream()
                .filter(axis -> isSplit(options.mesh(), axis))
                .toList();
        return pass.splittingSequences(batchAxes, RunMesh.MODEL_AXIS);
    }

    /**
     * Checks that the network, once traced, could be split as asked.
     *
     * @throws IllegalArgumentException if it has no sequence
     */
    void check(Network network, ForwardPass pass) {
        if (splitsSequences && !pass.hasResidual()) {
            throw new IllegalArgumentException("strategy.sequenceParallel needs a network with sequences: network="
                    + network.getClass().getSimpleName() + ". Set it to false, or pass the network's residual stream"
                    + " through ForwardPass.residual.");
        }
    }

    /** What the backward pass finds still there. */
    KeptValues keptValues() {
        KeptValues kept = switch (strategy.recompute()) {
            case NONE -> KeptValues.all();
            case BLOCK -> KeptValues.betweenBlocks();
            case SELECTIVE -> KeptValues.costly();
        };
        return strategy.gathersAgain() ? kept.butFetched() : kept;
    }
}
