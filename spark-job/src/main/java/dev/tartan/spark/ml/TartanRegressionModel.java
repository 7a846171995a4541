package dev.tartan.spark.ml;

import dev.tartan.graph.TensorType;
import dev.tartan.train.data.HostTensor;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.regression.RegressionModel;
import org.apache.spark.ml.util.HasTrainingSummary;
import org.apache.spark.ml.util.Identifiable$;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.ml.util.MLWritable;
import org.apache.spark.ml.util.MLWriter;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;
import org.jspecify.annotations.Nullable;
import scala.Option;

/** What a {@link TartanRegressor} trained: a handle to a file of parameters. */
public final class TartanRegressionModel extends RegressionModel<Vector, TartanRegressionModel>
        implements HandleInvalidParams<TartanRegressionModel>, HasTrainingSummary<TartanTrainingSummary>, MLWritable {
    private static final long serialVersionUID = 1;

    /** Spark's number of features where it is not known. */
    private static final int UNKNOWN = -1;

    private final String uid;
    private final transient @Nullable TrainedNetwork trained;
    private final int numFeatures;
    private transient Option<TartanTrainingSummary> summary = Option.empty();

    /** Makes a model without a network, which predicts nothing: Spark Connect asks for such a constructor. */
    public TartanRegressionModel() {
        this(HeldUid.hold(Identifiable$.MODULE$.randomUID("tartanRegressionModel")), null);
    }

    TartanRegressionModel(String uid, TrainedNetwork trained) {
        this(HeldUid.hold(uid), trained);
    }

    private TartanRegressionModel(HeldUid held, @Nullable TrainedNetwork trained) {
        this.uid = held.release();
        this.trained = trained;
        this.numFeatures = trained == null
                ? UNKNOWN
                : FeatureColumns.count(trained.source().factory().create());
        if (trained != null) {
            check(trained);
        }
        setDefault(inferBatchSize(), InferenceParams.DEFAULT_BATCH);
        setDefault(handleInvalid(), HandleInvalidParams.ERROR);
    }

    private static void check(TrainedNetwork trained) {
        TensorType prediction = Objects.requireNonNull(
                trained.signature(Set.of(RegressorColumn.PREDICTIONS)).outputs().get(RegressorColumn.PREDICTIONS));
        if (prediction.shape().numElements() != 1) {
            throw new IllegalArgumentException("regressor predicts more than a number: output="
                    + RegressorColumn.PREDICTIONS + ", sampleType=" + prediction + ". Use TartanEstimator.");
        }
    }

    private TrainedNetwork trained() {
        return TrainedNetwork.of(this, trained);
    }

    @Override
    public String uid() {
        return HeldUid.of(uid);
    }

    @Override
    public int numFeatures() {
        return numFeatures;
    }

    @Override
    public Dataset<Row> transform(Dataset<?> dataset) {
        TrainedNetwork network = trained();
        StructType schema = transformSchema(dataset.schema());
        if (getPredictionCol().isEmpty()) {
            return handled(dataset, getFeaturesCol());
        }
        return PredictedRelation.append(
                network,
                handled(dataset, getFeaturesCol()),
                Map.of(FeatureColumns.FEATURES, getFeaturesCol()),
                new RegressorColumn(schema.apply(getPredictionCol())),
                getInferBatchSize(),
                getHandleInvalid().equals(HandleInvalidParams.KEEP));
    }

    /** Predicts one row; the model is loaded at the first. */
    @Override
    public double predict(Vector features) {
        Map<String, HostTensor> outputs =
                trained().predictOne(FeatureColumns.sample(features), Set.of(RegressorColumn.PREDICTIONS));
        return Objects.requireNonNull(outputs.get(RegressorColumn.PREDICTIONS)).floats()[0];
    }

    /** For Spark's own use. */
    @Override
    public Option<TartanTrainingSummary> trainingSummary() {
        return summary;
    }

    /** For Spark's own use. */
    @Override
    public void trainingSummary_$eq(Option<TartanTrainingSummary> other) {
        summary = other;
    }

    @Override
    public TartanRegressionModel copy(ParamMap extra) {
        TartanRegressionModel copy = copyValues(new TartanRegressionModel(HeldUid.hold(uid), trained), extra);
        copy.summary = summary;
        return copy.setParent(parent());
    }

    @Override
    public MLWriter write() {
        return SavedParams.writer(this, trained());
    }

    /** Reads what {@link #write} wrote. */
    public static MLReader<TartanRegressionModel> read() {
        return SavedParams.models(TartanRegressionModel.class, TartanRegressionModel::new);
    }

    /** Reads what was saved under a URI. */
    public static TartanRegressionModel load(String path) {
        return read().load(path);
    }
}
