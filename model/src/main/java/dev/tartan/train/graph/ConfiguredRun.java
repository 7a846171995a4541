package dev.tartan.train.graph;

import dev.tartan.network.Gpt;
import dev.tartan.network.GptConfig;
import dev.tartan.network.Llama;
import dev.tartan.network.LlamaConfig;
import dev.tartan.network.Mlp;
import dev.tartan.network.Network;
import dev.tartan.op.Activation;
import dev.tartan.optimizer.AdamWOptimizer;
import dev.tartan.optimizer.ClipGlobalNorm;
import dev.tartan.optimizer.Optimizer;
import dev.tartan.optimizer.Schedule;
import dev.tartan.optimizer.SgdOptimizer;
import dev.tartan.train.config.NetworkConfig;
import dev.tartan.train.config.OptimizerConfig;
import dev.tartan.train.config.ScheduleConfig;

/** The network and the optimizer that a run config describes. */
public record ConfiguredRun(Network network, Optimizer optimizer, ClipGlobalNorm clip) {

    /**
     * Makes both.
     *
     * @param steps length of the run, for the schedule
     */
    public static ConfiguredRun of(NetworkConfig network, OptimizerConfig optimizer, int steps) {
        return new ConfiguredRun(
                network(network), optimizer(optimizer, steps), new ClipGlobalNorm(optimizer.clipGlobalNorm()));
    }

    private static Network network(NetworkConfig config) {
        if (config instanceof NetworkConfig.Gpt c) {
            return new Gpt(new GptConfig(
                    c.vocab(),
                    c.context(),
                    c.hidden(),
                    c.layers(),
                    c.heads(),
                    c.intermediate(),
                    c.eps(),
                    c.tiedHead(),
                    c.dropout()));
        }
        if (config instanceof NetworkConfig.Llama c) {
            return new Llama(new LlamaConfig(
                    c.vocab(),
                    c.context(),
                    c.hidden(),
                    c.layers(),
                    c.heads(),
                    c.kvHeads(),
                    c.intermediate(),
                    c.ropeTheta(),
                    c.eps(),
                    c.tiedHead(),
                    c.dropout()));
        }
        if (config instanceof NetworkConfig.Mlp c) {
            return new Mlp(c.inputs(), c.hidden(), c.outputs(), activation(c.activation()));
        }
        throw new IllegalStateException("network config of an unknown kind: config=" + config);
    }

    private static Activation activation(NetworkConfig.Activation activation) {
        return switch (activation) {
            case RELU -> Activation.RELU;
            case GELU -> Activation.GELU;
            case TANH -> Activation.TANH;
        };
    }

    private static Optimizer optimizer(OptimizerConfig config, int steps) {
        Schedule schedule = schedule(config.schedule(), steps);
        if (config instanceof OptimizerConfig.AdamW c) {
            return new AdamWOptimizer(c.learningRate(), c.beta1(), c.beta2(), c.eps(), c.weightDecay(), schedule);
        }
        if (config instanceof OptimizerConfig.Sgd c) {
            return new SgdOptimizer(c.learningRate(), c.momentum(), c.weightDecay(), schedule);
        }
        throw new IllegalStateException("optimizer config of an unknown kind: config=" + config);
    }

    private static Schedule schedule(ScheduleConfig config, int steps) {
        Schedule.Kind kind = switch (config.kind()) {
            case CONSTANT -> Schedule.Kind.CONSTANT;
            case COSINE -> Schedule.Kind.COSINE;
            case LINEAR -> Schedule.Kind.LINEAR;
        };
        return new Schedule(kind, config.warmupSteps(), steps);
    }
}
