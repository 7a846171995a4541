package dev.tartan.spark.ml;

import org.apache.spark.ml.param.DoubleParam;
import org.apache.spark.ml.param.IntParam;
import org.apache.spark.ml.param.LongParam;
import org.apache.spark.ml.param.Param;
import org.apache.spark.ml.param.ParamValidators;

/**
 * How an estimator trains.
 *
 * @param <E> the estimator's class
 */
public interface TrainingParams<E> extends InferenceParams<E> {
    /** The column with the weights of rows, 0 or more; all count the same if it is not set or empty. */
    default Param<String> weightCol() {
        return new Param<>(uid(), "weightCol", "column with the weights of rows; all count the same if it is empty");
    }

    /** The column that is true in rows which are not trained on but evaluated; none if it is not set or empty. */
    default Param<String> validationIndicatorCol() {
        return new Param<>(
                uid(),
                "validationIndicatorCol",
                "column that is true in rows which are not trained on but evaluated, once an epoch");
    }

    /** Number of devices over which samples are split. */
    default IntParam meshData() {
        return new IntParam(uid(), "meshData", "devices over which samples are split (>= 1)", ParamValidators.gtEq(1));
    }

    /** Number of devices over which parameters are split, as the network says. */
    default IntParam meshModel() {
        return new IntParam(
                uid(), "meshModel", "devices over which parameters are split (>= 1)", ParamValidators.gtEq(1));
    }

    /** Number of executors over which the mesh is spread; 0 for as many as there are and divide {@code meshData}. */
    default IntParam numExecutors() {
        return new IntParam(
                uid(),
                "numExecutors",
                "executors over which the mesh is spread; 0 for as many as there are and divide meshData",
                ParamValidators.gtEq(0));
    }

    /** Where parameters, gradients and optimizer state live: {@code zero0} to {@code zero3}, or {@code auto}. */
    default Param<String> strategy() {
        return new Param<>(
                uid(),
                "strategy",
                "stage of ZeRO, or what the planner picks: " + String.join(", ", ChosenStrategy.WORDS),
                ParamValidators.inArray(ChosenStrategy.WORDS.toArray()));
    }

    /**
     * What is computed in: {@code float32}, or {@code bfloat16} or {@code float16} for activations and products, with
     * parameters kept and gradients reduced in float32. What was fitted predicts in float32.
     */
    default Param<String> precision() {
        return new Param<>(
                uid(),
                "precision",
                "what activations and products are computed in: " + String.join(", ", FitNetwork.PRECISIONS),
                ParamValidators.inArray(FitNetwork.PRECISIONS.toArray()));
    }

    /** How often all rows are trained on. */
    default IntParam epochs() {
        return new IntParam(uid(), "epochs", "how often all rows are trained on (>= 1)", ParamValidators.gtEq(1));
    }

    /** Number of steps, in place of epochs; 0 for epochs. */
    default IntParam maxSteps() {
        return new IntParam(
                uid(), "maxSteps", "number of steps, in place of epochs; 0 for epochs", ParamValidators.gtEq(0));
    }

    /** Rows of a step, on all devices together. */
    default IntParam batchSize() {
        return new IntParam(
                uid(), "batchSize", "rows of a step on all devices together (>= 1)", ParamValidators.gtEq(1));
    }

    /** The rate of the first step; it falls to 0 over the run in a straight line. */
    default DoubleParam learningRate() {
        return new DoubleParam(
                uid(),
                "learningRate",
                "rate of the first step, which falls to 0 over the run (> 0)",
                ParamValidators.gt(0));
    }

    /** What updates the parameters: {@code adamw} or {@code sgd}. */
    default Param<String> optimizer() {
        return new Param<>(
                uid(),
                "optimizer",
                "what updates parameters: " + String.join(", ", FitNetwork.OPTIMIZERS),
                ParamValidators.inArray(FitNetwork.OPTIMIZERS.toArray()));
    }

    /** Of initial values, dropout and the order of rows. */
    default LongParam seed() {
        return new LongParam(uid(), "seed", "of initial values, dropout and the order of rows");
    }

    /** Evaluations in a row without improvement that end training; 0 for none. */
    default IntParam earlyStoppingRounds() {
        return new IntParam(
                uid(),
                "earlyStoppingRounds",
                "evaluations in a row without improvement that end training; 0 for none",
                ParamValidators.gtEq(0));
    }

    /** By how much the loss of the validation rows has to fall to count as an improvement. */
    default DoubleParam earlyStoppingMinDelta() {
        return new DoubleParam(
                uid(),
                "earlyStoppingMinDelta",
                "by how much the loss of validation rows has to fall to be an improvement (>= 0)",
                ParamValidators.gtEq(0));
    }

    /** Where checkpoints are kept while a fit runs, a local folder or a URI; none if it is not set or empty. */
    default Param<String> checkpointPath() {
        return new Param<>(
                uid(),
                "checkpointPath",
                "where checkpoints are kept while a fit runs, so that one that was cut off can go on; none if empty");
    }

    /** Steps from one checkpoint to the next; 0 for one a minute. */
    default IntParam checkpointInterval() {
        return new IntParam(
                uid(),
                "checkpointInterval",
                "steps from one checkpoint to the next; 0 for one a minute",
                ParamValidators.gtEq(0));
    }

    /** See {@link #checkpointPath()}. */
    default String getCheckpointPath() {
        return getOrDefault(checkpointPath());
    }

    /**
     * Keeps checkpoints while a fit runs. A fit that was cut off goes on where it was when it is called again with the
     * same rows and params, and refuses to if they differ. Once it has ended they are removed.
     */
    default E setCheckpointPath(String value) {
        return with(() -> set(checkpointPath(), value));
    }

    /** See {@link #checkpointInterval()}. */
    default int getCheckpointInterval() {
        return (Integer) getOrDefault(checkpointInterval());
    }

    /** See {@link #checkpointInterval()}. */
    default E setCheckpointInterval(int value) {
        return with(() -> set(checkpointInterval(), value));
    }

    /** See {@link #weightCol()}. */
    default String getWeightCol() {
        return getOrDefault(weightCol());
    }

    /** See {@link #weightCol()}. */
    default E setWeightCol(String value) {
        return with(() -> set(weightCol(), value));
    }

    /** See {@link #validationIndicatorCol()}. */
    default String getValidationIndicatorCol() {
        return getOrDefault(validationIndicatorCol());
    }

    /** See {@link #validationIndicatorCol()}. The result then has the parameters of the best evaluation. */
    default E setValidationIndicatorCol(String value) {
        return with(() -> set(validationIndicatorCol(), value));
    }

    /** See {@link #meshData()}. */
    default int getMeshData() {
        return (Integer) getOrDefault(meshData());
    }

    /** See {@link #meshModel()}. */
    default int getMeshModel() {
        return (Integer) getOrDefault(meshModel());
    }

    /** Sets {@link #meshData()} and {@link #meshModel()}. */
    default E setMesh(int data, int model) {
        return with(() -> set(meshData(), data).set(meshModel(), model));
    }

    /** See {@link #numExecutors()}. */
    default int getNumExecutors() {
        return (Integer) getOrDefault(numExecutors());
    }

    /** See {@link #numExecutors()}. */
    default E setNumExecutors(int value) {
        return with(() -> set(numExecutors(), value));
    }

    /** See {@link #strategy()}. */
    default String getStrategy() {
        return getOrDefault(strategy());
    }

    /** See {@link #strategy()}. */
    default E setStrategy(String value) {
        return with(() -> set(strategy(), value));
    }

    /** See {@link #precision()}. */
    default String getPrecision() {
        return getOrDefault(precision());
    }

    /** See {@link #precision()}. */
    default E setPrecision(String value) {
        return with(() -> set(precision(), value));
    }

    /** See {@link #epochs()}. */
    default int getEpochs() {
        return (Integer) getOrDefault(epochs());
    }

    /** See {@link #epochs()}. */
    default E setEpochs(int value) {
        return with(() -> set(epochs(), value));
    }

    /** See {@link #maxSteps()}. */
    default int getMaxSteps() {
        return (Integer) getOrDefault(maxSteps());
    }

    /** See {@link #maxSteps()}. */
    default E setMaxSteps(int value) {
        return with(() -> set(maxSteps(), value));
    }

    /** See {@link #batchSize()}. */
    default int getBatchSize() {
        return (Integer) getOrDefault(batchSize());
    }

    /** See {@link #batchSize()}. */
    default E setBatchSize(int value) {
        return with(() -> set(batchSize(), value));
    }

    /** See {@link #learningRate()}. */
    default double getLearningRate() {
        return (Double) getOrDefault(learningRate());
    }

    /** See {@link #learningRate()}. */
    default E setLearningRate(double value) {
        return with(() -> set(learningRate(), value));
    }

    /** See {@link #optimizer()}. */
    default String getOptimizer() {
        return getOrDefault(optimizer());
    }

    /** See {@link #optimizer()}. */
    default E setOptimizer(String value) {
        return with(() -> set(optimizer(), value));
    }

    /** See {@link #seed()}. */
    default long getSeed() {
        return (Long) getOrDefault(seed());
    }

    /** See {@link #seed()}. */
    default E setSeed(long value) {
        return with(() -> set(seed(), value));
    }

    /** See {@link #earlyStoppingRounds()}. */
    default int getEarlyStoppingRounds() {
        return (Integer) getOrDefault(earlyStoppingRounds());
    }

    /** See {@link #earlyStoppingMinDelta()}. */
    default double getEarlyStoppingMinDelta() {
        return (Double) getOrDefault(earlyStoppingMinDelta());
    }

    /** Sets {@link #earlyStoppingRounds()} and {@link #earlyStoppingMinDelta()}. */
    default E setEarlyStopping(int rounds, double minDelta) {
        return with(() -> set(earlyStoppingRounds(), rounds).set(earlyStoppingMinDelta(), minDelta));
    }
}
