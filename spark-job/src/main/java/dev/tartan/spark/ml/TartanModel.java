package dev.tartan.spark.ml;

import dev.tartan.train.InferencePlan;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.apache.spark.ml.Model;
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

/**
 * What a {@link TartanEstimator} trained: a handle to a file of parameters. Outputs become columns of floats or
 * integers, or of arrays nested as deep as the output has dims.
 */
public final class TartanModel extends Model<TartanModel>
        implements FetchParams<TartanModel>, HasTrainingSummary<TartanTrainingSummary>, MLWritable {
    private static final long serialVersionUID = 1;

    private final String uid;
    private final transient @Nullable TrainedNetwork trained;
    private transient Option<TartanTrainingSummary> summary = Option.empty();

    /** Makes a model without a network, which predicts nothing: Spark Connect asks for such a constructor. */
    public TartanModel() {
        this(HeldUid.hold(Identifiable$.MODULE$.randomUID("tartanModel")), null);
    }

    TartanModel(String uid, TrainedNetwork trained) {
        this(HeldUid.hold(uid), trained);
    }

    private TartanModel(HeldUid held, @Nullable TrainedNetwork trained) {
        this.uid = held.release();
        this.trained = trained;
        setDefaults(this);
    }

    static void setDefaults(FetchParams<?> params) {
        params.setDefault(params.inferBatchSize(), InferenceParams.DEFAULT_BATCH);
        params.setDefault(params.feedFields(), new String[0]);
        params.setDefault(params.feedColumns(), new String[0]);
        params.setDefault(params.fetchColumns(), new String[0]);
        params.setDefault(params.fetchOutputs(), new String[0]);
    }

    private TrainedNetwork trained() {
        return TrainedNetwork.of(this, trained);
    }

    @Override
    public String uid() {
        return HeldUid.of(uid);
    }

    @Override
    public Dataset<Row> transform(Dataset<?> dataset) {
        StructType schema = transformSchema(dataset.schema());
        Map<String, String> fetched = getFetchDict();
        List<StructField> fields = new ArrayList<>();
        fetched.keySet().forEach(column -> fields.add(schema.apply(column)));
        return PredictedRelation.append(
                trained(),
                dataset,
                getFeedDict(),
                new TensorColumns(fields, new ArrayList<>(fetched.values())),
                getInferBatchSize(),
                false);
    }

    @Override
    public StructType transformSchema(StructType schema) {
        return schema(
                schema,
                this,
                trained().signature(new LinkedHashSet<>(getFetchDict().values())));
    }

    /** A schema with the fetched columns appended. */
    static StructType schema(StructType schema, FetchParams<?> params, InferencePlan.Signature signature) {
        List<String> known = Arrays.asList(schema.fieldNames());
        StructType more = schema;
        for (Map.Entry<String, String> fetched : params.getFetchDict().entrySet()) {
            if (known.contains(fetched.getKey())) {
                throw new IllegalArgumentException("frame has a column of the name already: fetchColumn="
                        + fetched.getKey() + ", columns=" + known + ". Choose another name.");
            }
            more = more.add(TensorColumns.field(
                    fetched.getKey(), Objects.requireNonNull(signature.outputs().get(fetched.getValue()))));
        }
        return more;
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
    public TartanModel copy(ParamMap extra) {
        TartanModel copy = copyValues(new TartanModel(HeldUid.hold(uid), trained), extra);
        copy.summary = summary;
        return copy.setParent(parent());
    }

    @Override
    public MLWriter write() {
        return SavedParams.writer(this, trained());
    }

    /** Reads what {@link #write} wrote. */
    public static MLReader<TartanModel> read() {
        return SavedParams.models(TartanModel.class, TartanModel::new);
    }

    /** Reads what was saved under a URI. */
    public static TartanModel load(String path) {
        return read().load(path);
    }
}
