package dev.tartan.spark.ml;

import dev.tartan.network.BatchField;
import dev.tartan.network.NetworkFactory;
import dev.tartan.optimizer.AdamWOptimizer;
import dev.tartan.optimizer.Optimizer;
import dev.tartan.optimizer.Schedule;
import dev.tartan.optimizer.SgdOptimizer;
import dev.tartan.spark.Tartan;
import dev.tartan.spark.dataset.Samples;
import dev.tartan.train.MeshTrainer;
import dev.tartan.train.TrainingJob;
import dev.tartan.train.TrainingResult;
import dev.tartan.train.config.PrecisionPolicy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;

/** Trains the network of an estimator. */
final class FitNetwork {
    private static final String ADAMW = "adamw";
    private static final String SGD = "sgd";

    /** The words of {@code setOptimizer}. */
    static final List<String> OPTIMIZERS = List.of(ADAMW, SGD);

    private static final String BFLOAT16 = "bfloat16";
    private static final String FLOAT16 = "float16";

    /** What can be computed in, the default first. */
    static final List<String> PRECISIONS = List.of("float32", BFLOAT16, FLOAT16);

    private static final double MOMENTUM = 0.9;
    private static final double BETA1 = 0.9;
    private static final double BETA2 = 0.99;
    private static final double EPSILON = 1e-8;
    private static final double WEIGHT_DECAY = 0.01;

    private final TrainingParams<?> params;
    private final Dataset<?> frame;

    FitNetwork(TrainingParams<?> params, Dataset<?> frame) {
        this.params = params;
        this.frame = frame;
    }

    /** What training gave. */
    record Fitted(TrainedNetwork network, TartanTrainingSummary summary) {}

    static void setDefaults(NetworkParams<?> params) {
        params.setDefault(params.inferBatchSize(), InferenceParams.DEFAULT_BATCH);
        params.setDefault(params.weightCol(), "");
        params.setDefault(params.validationIndicatorCol(), "");
        params.setDefault(params.meshData(), 1);
        params.setDefault(params.meshModel(), 1);
        params.setDefault(params.numExecutors(), 0);
        params.setDefault(params.strategy(), ChosenStrategy.WORDS.get(0));
        params.setDefault(params.precision(), PRECISIONS.get(0));
        params.setDefault(params.epochs(), 50);
        params.setDefault(params.maxSteps(), 0);
        params.setDefault(params.batchSize(), 64);
        params.setDefault(params.learningRate(), 3e-3);
        params.setDefault(params.optimizer(), ADAMW);
        params.setDefault(params.seed(), 0L);
        params.setDefault(params.earlyStoppingRounds(), 0);
        params.setDefault(params.earlyStoppingMinDelta(), 0.0);
        params.setDefault(params.checkpointPath(), "");
        params.setDefault(params.checkpointInterval(), 0);
        params.setDefault(params.networkClass(), "");
        params.setDefault(params.networkConfig(), "");
    }

    /**
     * Trains.
     *
     * @param columns of the frame, by field
     * @throws IllegalArgumentException if params, columns or rows cannot be used
     */
    Fitted run(NetworkSource source, Map<String, String> columns) {
        NetworkFactory factory = source.factory();
        SparkSession session = frame.sparkSession();
        Path folder = TemporaryFolders.make();
        try {
            TrainingJob job =
                    ChosenStrategy.of(params.getStrategy(), job(factory)).output(folder);
            CheckpointedFit checkpoints = CheckpointedFit.of(params);
            TrainingResult result = train(session, checkpoints.in(job), columns);
            checkpoints.remove();
            ModelFile file = ModelFile.of(path -> Files.move(folder.resolve(MeshTrainer.FINAL_FILE), path));
            return new Fitted(
                    new TrainedNetwork(source, file, optional(factory, columns.keySet())),
                    new TartanTrainingSummary(session, result));
        } finally {
            TemporaryFolders.delete(folder);
        }
    }

    /** Those of a network's optional fields that are among the given ones. */
    static Set<String> optional(NetworkFactory factory, Set<String> given) {
        return factory.create().batchFields().stream()
                .filter(BatchField::optional)
                .map(BatchField::name)
                .filter(given::contains)
                .collect(Collectors.toUnmodifiableSet());
    }

    private TrainingJob job(NetworkFactory factory) {
        TrainingJob job = TrainingJob.of(factory)
                .mesh(params.getMeshData(), params.getMeshModel())
                .precision(precision())
                .optimizer(optimizer())
                .globalBatch(params.getBatchSize())
                .seed(params.getSeed());
        return params.getMaxSteps() > 0 ? job.steps(params.getMaxSteps()) : job.epochs(params.getEpochs());
    }

    private PrecisionPolicy precision() {
        return switch (params.getPrecision()) {
            case BFLOAT16 -> PrecisionPolicy.bfloat16();
            case FLOAT16 -> PrecisionPolicy.float16();
            default -> PrecisionPolicy.float32();
        };
    }

    private Optimizer optimizer() {
        double rate = params.getLearningRate();
        Schedule falling = Schedule.of(Schedule.Kind.LINEAR, 0);
        return params.getOptimizer().equals(SGD)
                ? new SgdOptimizer(rate, MOMENTUM, 0, falling)
                : new AdamWOptimizer(rate, BETA1, BETA2, EPSILON, WEIGHT_DECAY, falling);
    }

    private TrainingResult train(SparkSession session, TrainingJob job, Map<String, String> columns) {
        Dataset<Row> rows = frame.toDF();
        String indicator = params.getValidationIndicatorCol();
        if (indicator.isEmpty()) {
            if (params.getEarlyStoppingRounds() > 0) {
                throw new IllegalArgumentException("early stopping has no rows to evaluate: earlyStoppingRounds="
                        + params.getEarlyStoppingRounds() + ", validationIndicatorCol=''. Set validationIndicatorCol.");
            }
            return train(session, job, samples(rows, columns));
        }
        Column held = functions.coalesce(
                rows.col("`" + indicator.replace("`", "``") + "`").cast("boolean"),
                functions.raise_error(functions.lit("column '" + indicator
                        + "' is null and does not say whether the row is for validation. Fill it, or drop the row.")));
        Dataset<Row> trained = rows.filter(functions.not(held));
        TrainingJob evaluated = job.validateEveryEpoch().keepBest();
        if (params.getEarlyStoppingRounds() > 0) {
            evaluated = evaluated.earlyStopping(params.getEarlyStoppingRounds(), params.getEarlyStoppingMinDelta());
        }
        return train(session, evaluated, samples(trained, columns).validation(rows.filter(held)));
    }

    private TrainingResult train(SparkSession session, TrainingJob job, Samples samples) {
        int executors = params.getNumExecutors();
        return executors == 0 ? Tartan.train(session, job, samples) : Tartan.train(session, job, samples, executors);
    }

    private Samples samples(Dataset<Row> rows, Map<String, String> columns) {
        Samples samples = Samples.of(rows);
        for (Map.Entry<String, String> column : columns.entrySet()) {
            samples = samples.field(column.getKey(), column.getValue());
        }
        return params.getWeightCol().isEmpty() ? samples : samples.weight(params.getWeightCol());
    }
}
