package dev.tartan.spark.ml;

import dev.tartan.train.TrainingResult;
import dev.tartan.train.metrics.RunSummary;
import dev.tartan.train.metrics.StepMetrics;
import dev.tartan.train.metrics.ValidationMetrics;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.spark.ml.classification.TrainingSummary;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** How the training of a model went. It is not saved with the model. */
public final class TartanTrainingSummary implements TrainingSummary {
    private final SparkSession session;
    private final TrainingResult result;

    TartanTrainingSummary(SparkSession session, TrainingResult result) {
        this.session = session;
        this.result = result;
    }

    /** The loss of each step, before its update. */
    @Override
    public double[] objectiveHistory() {
        return result.steps().stream().mapToDouble(StepMetrics::loss).toArray();
    }

    /** Number of steps. */
    @Override
    public int totalIterations() {
        return result.steps().size();
    }

    /**
     * A row for each step: {@code step} from 0, {@code loss}, {@code gradNorm}, {@code stepMillis}, and a column for
     * each number that the network reports.
     */
    public Dataset<Row> history() {
        Set<String> reports =
                names(result.steps().stream().map(StepMetrics::reports).toList());
        StructType schema = new StructType()
                .add("step", DataTypes.LongType, false)
                .add("loss", DataTypes.DoubleType, false)
                .add("gradNorm", DataTypes.DoubleType, false)
                .add("stepMillis", DataTypes.DoubleType, false);
        List<Row> rows = new ArrayList<>();
        for (StepMetrics step : result.steps()) {
            rows.add(row(reports, step.reports(), step.step(), step.loss(), step.gradNorm(), step.stepMillis()));
        }
        return session.createDataFrame(rows, with(reports, schema));
    }

    /**
     * A row for each evaluation of the validation rows: {@code step} after whose update it was made, {@code loss}, and
     * a column for each number that the network reports. Empty if there are no validation rows.
     */
    public Dataset<Row> validationHistory() {
        Set<String> names = names(
                result.validations().stream().map(ValidationMetrics::values).toList());
        names.add(ValidationMetrics.LOSS);
        List<Row> rows = new ArrayList<>();
        for (ValidationMetrics round : result.validations()) {
            rows.add(row(names, round.values(), round.step()));
        }
        return session.createDataFrame(rows, with(names, new StructType().add("step", DataTypes.LongType, false)));
    }

    /** Times, bytes and other numbers of the run as a whole. */
    public RunSummary run() {
        return result.summary();
    }

    private static Set<String> names(Collection<Map<String, Double>> values) {
        Set<String> names = new LinkedHashSet<>();
        values.forEach(map -> names.addAll(map.keySet()));
        return names;
    }

    private static StructType with(Set<String> names, StructType schema) {
        StructType more = schema;
        for (String name : names) {
            more = more.add(name, DataTypes.DoubleType, true);
        }
        return more;
    }

    private static Row row(Set<String> names, Map<String, Double> values, Object... first) {
        List<Object> row = new ArrayList<>(List.of(first));
        names.forEach(name -> row.add(values.get(name)));
        return RowFactory.create(row.toArray());
    }
}
