package dev.tartan.spark.ml;

import dev.tartan.network.NetworkFactory;
import dev.tartan.train.InferencePlan;
import java.util.LinkedHashSet;
import org.apache.spark.ml.Estimator;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.util.Identifiable$;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.ml.util.MLWritable;
import org.apache.spark.ml.util.MLWriter;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.types.StructType;
import org.jspecify.annotations.Nullable;
import scala.Some;

/**
 * Trains any network on a mesh of devices.
 *
 * <pre>{@code
 * new TartanEstimator().setNetwork(() -> new MyNetwork(64))
 *         .setFeedDict(Map.of("x", "features", "y", "label")).setFetchDict(Map.of("scores", "logits")).fit(frame)
 * }</pre>
 */
public final class TartanEstimator extends Estimator<TartanModel>
        implements NetworkParams<TartanEstimator>, FetchParams<TartanEstimator>, MLWritable {
    private static final long serialVersionUID = 1;

    private final String uid;
    private @Nullable NetworkFactory network;

    /** Makes an estimator with a uid of its own. */
    public TartanEstimator() {
        this(Identifiable$.MODULE$.randomUID("tartanEstimator"));
    }

    /** Makes an estimator. */
    public TartanEstimator(String uid) {
        this(HeldUid.hold(uid));
    }

    private TartanEstimator(HeldUid held) {
        uid = held.release();
        FitNetwork.setDefaults(this);
        TartanModel.setDefaults(this);
    }

    @Override
    public String uid() {
        return HeldUid.of(uid);
    }

    @Override
    public @Nullable NetworkFactory network() {
        return network;
    }

    @Override
    public TartanEstimator setNetwork(NetworkFactory factory) {
        network = factory;
        return this;
    }

    @Override
    public TartanModel fit(Dataset<?> dataset) {
        NetworkSource source = NetworkSource.of(this, null);
        // Before it takes long: outputs that there are not are refused.
        signature(source);
        FitNetwork.Fitted fitted = new FitNetwork(this, dataset).run(source, getFeedDict());
        TartanModel model = new TartanModel(uid, fitted.network());
        model.setSummary(new Some<>(fitted.summary()));
        return copyValues(model.setParent(this), new ParamMap());
    }

    @Override
    public StructType transformSchema(StructType schema) {
        return TartanModel.schema(schema, this, signature(NetworkSource.of(this, null)));
    }

    private InferencePlan.Signature signature(NetworkSource source) {
        NetworkFactory factory = source.factory();
        return InferencePlan.signature(
                factory.create(),
                new LinkedHashSet<>(getFetchDict().values()),
                FitNetwork.optional(factory, getFeedDict().keySet()));
    }

    @Override
    public TartanEstimator copy(ParamMap extra) {
        TartanEstimator copy = defaultCopy(extra);
        copy.network = network;
        return copy;
    }

    @Override
    public MLWriter write() {
        return SavedParams.writer(this);
    }

    /** Reads what {@link #write} wrote. */
    public static MLReader<TartanEstimator> read() {
        return SavedParams.estimators(TartanEstimator.class, TartanEstimator::new);
    }

    /** Reads what was saved under a URI. */
    public static TartanEstimator load(String path) {
        return read().load(path);
    }
}
