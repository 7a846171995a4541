package dev.tartan.train;

import dev.tartan.backend.Buffer;
import dev.tartan.backend.Device;
import dev.tartan.execute.RankExecutor;
import dev.tartan.partition.ProgramPort;
import dev.tartan.train.checkpoint.ValidationProgress;
import dev.tartan.train.data.HostBatch;
import dev.tartan.train.graph.EvaluationGraph;
import dev.tartan.train.graph.PlannedState;
import dev.tartan.train.graph.TrainStepGraph;
import dev.tartan.train.metrics.ValidationMetrics;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One rank's part of evaluations between steps. All ranks get the same numbers, and so decide alike what is best and
 * when to stop, without a word between them.
 */
final class RankValidation implements AutoCloseable {
    private final PlannedValidation plan;
    private final ValidationData data;
    private final int dataRank;
    private final RankExecutor executor;
    private final BestRound rounds;
    private final @Nullable BestParameters best;
    private final float[] scalar = new float[1];
    private long nextBatch;

    private RankValidation(
            PlannedValidation plan,
            ValidationData data,
            int dataRank,
            RankExecutor executor,
            @Nullable BestParameters best) {
        this.plan = plan;
        this.data = data;
        this.dataRank = dataRank;
        this.executor = executor;
        this.rounds = new BestRound(plan.how());
        this.best = best;
    }

    /**
     * Binds the evaluation of a plan to the memory of its training step; null if it has none.
     *
     * @param step of the same rank; to be closed after this
     */
    static @Nullable RankValidation bind(
            TrainingPlan plan, int rank, RankExecutor step, Device device, @Nullable ValidationData data) {
        PlannedValidation validation = plan.validation();
        if (validation == null || data == null) {
            return null;
        }
        CompiledProgram program = validation.program();
        return new RankValidation(
                validation,
                data,
                plan.dataRank(rank),
                step.beside(program.program(), program.memory()),
                validation.how().keepBest() ? new BestParameters(plan, step, device) : null);
    }

    /** Whether it is time to evaluate after a step, of a run of so many. */
    boolean isDue(long step, long steps) {
        return plan.how().isDue(step, steps);
    }

    /** Evaluates all validation samples and keeps the parameters if they are the best so far and wanted. */
    ValidationMetrics evaluate(long step) throws InterruptedException {
        Map<String, WeightedMean> means = new LinkedHashMap<>();
        for (long i = 0; i < data.numBatches(); i++) {
            HostBatch batch = data.batch(nextBatch++, dataRank);
            plan.fields().forEach(field -> RankTrainer.feed(executor.input(field.name()), batch.tensor(field.name())));
            executor.run();
            for (ProgramPort output : plan.program().program().outputs()) {
                String label = output.name();
                if (label.equals(TrainStepGraph.LOSS) || TrainStepGraph.isReport(label)) {
                    String name = label.equals(TrainStepGraph.LOSS)
                            ? ValidationMetrics.LOSS
                            : TrainStepGraph.reportName(label);
                    means.computeIfAbsent(name, absent -> new WeightedMean())
                            .add(scalar(label), scalar(EvaluationGraph.divisorLabel(label)));
                }
            }
        }
        Map<String, Double> values = new LinkedHashMap<>();
        means.forEach((name, mean) -> values.put(name, mean.value()));
        ValidationMetrics round = new ValidationMetrics(step, values);
        if (rounds.add(round) && best != null) {
            best.keep();
        }
        return round;
    }

    private double scalar(String output) {
        executor.output(output).read(scalar);
        return scalar[0];
    }

    /** Whether the run is to end, for want of improvement. */
    boolean isExhausted() {
        return rounds.isExhausted();
    }

    /** Whether the run's result is the best evaluation's. */
    boolean keepsBest() {
        return best != null;
    }

    /** What is remembered of evaluations, for a checkpoint; null if there were none. */
    @Nullable
    ValidationProgress progress() {
        return rounds.progress();
    }

    /** The copy of a parameter at the best evaluation, or of what it was first, if there was none. */
    Buffer best(PlannedState parameter) {
        return Objects.requireNonNull(best).copy(parameter);
    }

    /** Goes on from a checkpoint; {@code copies} fills the best parameters if it has them. */
    void resume(ValidationProgress progress, Consumer<BestParameters> copies) {
        rounds.resume(progress);
        if (best != null && progress.best() != null) {
            copies.accept(best);
            best.filled();
        }
    }

    /** Makes the parameters those of the best evaluation, where that is wanted. */
    void restoreBest() {
        if (best != null) {
            best.restore();
        }
    }

    @Override
    public void close() {
        executor.close();
        if (best != null) {
            best.close();
        }
    }

    /** A mean of means, each counting by the weights it is of; NaN if there are none. */
    private static final class WeightedMean {
        private double sum;
        private double weights;

        void add(double mean, double weight) {
            // A batch of no weight has a mean of 0, or one that is no number and does not count.
            sum += weight == 0 ? 0 : mean * weight;
            weights += weight;
        }

        double value() {
            return sum / weights;
        }
    }
}
