package dev.tartan.spark.ml;

import dev.tartan.train.data.HostTensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.apache.spark.ml.classification.ProbabilisticClassificationModel;
import org.apache.spark.ml.linalg.DenseVector;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.util.HasTrainingSummary;
import org.apache.spark.ml.util.Identifiable$;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.ml.util.MLWritable;
import org.apache.spark.ml.util.MLWriter;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.jspecify.annotations.Nullable;
import scala.Option;
import scala.Tuple3;

/**
 * What a {@link TartanClassifier} trained: a handle to a file of parameters. {@code rawPrediction} holds logits,
 * {@code probability} their softmax.
 */
public final class TartanClassificationModel extends ProbabilisticClassificationModel<Vector, TartanClassificationModel>
        implements HandleInvalidParams<TartanClassificationModel>,
                HasTrainingSummary<TartanTrainingSummary>,
                MLWritable {
    private static final long serialVersionUID = 1;

    /** Spark's number of features where it is not known. */
    private static final int UNKNOWN = -1;

    private final String uid;
    private final transient @Nullable TrainedNetwork trained;
    private final int numFeatures;
    private final int numClasses;
    private transient Option<TartanTrainingSummary> summary = Option.empty();

    /** Makes a model without a network, which predicts nothing: Spark Connect asks for such a constructor. */
    public TartanClassificationModel() {
        this(HeldUid.hold(Identifiable$.MODULE$.randomUID("tartanClassificationModel")), null);
    }

    TartanClassificationModel(String uid, TrainedNetwork trained) {
        this(HeldUid.hold(uid), trained);
    }

    private TartanClassificationModel(HeldUid held, @Nullable TrainedNetwork trained) {
        this.uid = held.release();
        this.trained = trained;
        this.numFeatures = trained == null
                ? UNKNOWN
                : FeatureColumns.count(trained.source().factory().create());
        this.numClasses = trained == null ? 0 : numClasses(trained);
        setDefault(inferBatchSize(), InferenceParams.DEFAULT_BATCH);
        setDefault(handleInvalid(), HandleInvalidParams.ERROR);
    }

    private static int numClasses(TrainedNetwork trained) {
        return Math.toIntExact(Objects.requireNonNull(trained.signature(Set.of(ClassifierColumns.LOGITS))
                        .outputs()
                        .get(ClassifierColumns.LOGITS))
                .shape()
                .numElements());
    }

    private TrainedNetwork trained() {
        return TrainedNetwork.of(this, trained);
    }

    @Override
    public String uid() {
        return HeldUid.of(uid);
    }

    @Override
    public int numClasses() {
        return numClasses;
    }

    @Override
    public int numFeatures() {
        return numFeatures;
    }

    @Override
    public Dataset<Row> transform(Dataset<?> dataset) {
        TrainedNetwork network = trained();
        StructType schema = transformSchema(dataset.schema());
        List<ClassifierColumns.Kind> kinds = new ArrayList<>();
        List<StructField> fields = new ArrayList<>();
        add(ClassifierColumns.Kind.RAW, getRawPredictionCol(), schema, kinds, fields);
        add(ClassifierColumns.Kind.PROBABILITY, getProbabilityCol(), schema, kinds, fields);
        add(ClassifierColumns.Kind.PREDICTION, getPredictionCol(), schema, kinds, fields);
        double[] thresholds = isDefined(thresholds()) ? getThresholds() : null;
        return PredictedRelation.append(
                network,
                handled(dataset, getFeaturesCol()),
                Map.of(FeatureColumns.FEATURES, getFeaturesCol()),
                new ClassifierColumns(kinds, fields, thresholds),
                getInferBatchSize(),
                getHandleInvalid().equals(HandleInvalidParams.KEEP));
    }

    private static void add(
            ClassifierColumns.Kind kind,
            String column,
            StructType schema,
            List<ClassifierColumns.Kind> kinds,
            List<StructField> fields) {
        if (!column.isEmpty()) {
            kinds.add(kind);
            fields.add(schema.apply(column));
        }
    }

    /** The logits of one row; the model is loaded at the first. */
    @Override
    public Vector predictRaw(Vector features) {
        Map<String, HostTensor> outputs =
                trained().predictOne(FeatureColumns.sample(features), Set.of(ClassifierColumns.LOGITS));
        return Vectors.dense(ClassifierColumns.row(Objects.requireNonNull(outputs.get(ClassifierColumns.LOGITS)), 0));
    }

    @Override
    public Vector raw2probabilityInPlace(Vector raw) {
        ClassProbabilities.softmaxInPlace(((DenseVector) raw).values());
        return raw;
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

    /** For Spark's own use; inherited twice, so it has to be said which. */
    @Override
    @SuppressWarnings({"rawtypes", "unchecked"})
    public Tuple3 findSummaryModel() {
        return super.findSummaryModel();
    }

    @Override
    public TartanClassificationModel copy(ParamMap extra) {
        TartanClassificationModel copy = copyValues(new TartanClassificationModel(HeldUid.hold(uid), trained), extra);
        copy.summary = summary;
        return copy.setParent(parent());
    }

    @Override
    public MLWriter write() {
        return SavedParams.writer(this, trained());
    }

    /** Reads what {@link #write} wrote. */
    public static MLReader<TartanClassificationModel> read() {
        return SavedParams.models(TartanClassificationModel.class, TartanClassificationModel::new);
    }

    /** Reads what was saved under a URI. */
    public static TartanClassificationModel load(String path) {
        return read().load(path);
    }
}
