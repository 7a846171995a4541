package dev.tartan.train.config;

/** How weights are updated. */
public sealed interface OptimizerConfig {
    /** The rate once warmed up. */
    double learningRate();

    /** The largest global gradient norm that is not scaled down, 0 for no clipping. */
    double clipGlobalNorm();

    /** How the rate changes over the run. */
    ScheduleConfig schedule();

    /** Adam with decoupled weight decay (Loshchilov and Hutter 2019), decaying tensors of 2 or more dims. */
    record AdamW(
            double learningRate,
            double beta1,
            double beta2,
            double eps,
            double weightDecay,
            double clipGlobalNorm,
            ScheduleConfig schedule)
            implements OptimizerConfig {}

    /** Stochastic gradient descent with momentum, 0 for none; weight decay is on tensors of 2 or more dims. */
    record Sgd(double learningRate, double momentum, double weightDecay, double clipGlobalNorm, ScheduleConfig schedule)
            implements OptimizerConfig {}
}
