package dev.tartan.spark.ml;

import dev.tartan.network.MlpLoss;
import dev.tartan.network.NetworkFactory;
import dev.tartan.op.Activation;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.regression.Regressor;
import org.apache.spark.ml.util.Identifiable$;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.ml.util.MLWritable;
import org.apache.spark.ml.util.MLWriter;
import org.apache.spark.sql.Dataset;
import org.jspecify.annotations.Nullable;
import scala.Some;

/**
 * Predicts numbers by a neural network that is trained on a mesh of devices.
 *
 * <p>The network is a multilayer perceptron with a linear output, trained for the mean square of its errors, or one of
 * the user's with the fields {@code x} (the features) and {@code y} (the label, a FLOAT32) and the output
 * {@code predictions}, {@code [batch]} or {@code [batch, 1]}. Features and labels are taken as they are.
 */
public final class TartanRegressor extends Regressor<Vector, TartanRegressor, TartanRegressionModel>
        implements LayerParams<TartanRegressor>, MLWritable {
    private static final long serialVersionUID = 1;

    private final String uid;
    private @Nullable NetworkFactory network;

    /** Makes an estimator with a uid of its own. */
    public TartanRegressor() {
        this(Identifiable$.MODULE$.randomUID("tartanRegressor"));
    }

    /** Makes an estimator. */
    public TartanRegressor(String uid) {
        this(HeldUid.hold(uid));
    }

    private TartanRegressor(HeldUid held) {
        uid = held.release();
        FitNetwork.setDefaults(this);
        setDefault(activation(), Activation.RELU.label());
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
    public TartanRegressor setNetwork(NetworkFactory factory) {
        network = factory;
        return this;
    }

    @Override
    public TartanRegressionModel train(Dataset<?> dataset) {
        NetworkSource perceptron = NetworkSource.perceptron(
                this, () -> FeatureColumns.count(dataset, getFeaturesCol()), () -> 1, MlpLoss.SQUARED_ERROR);
        NetworkSource source = NetworkSource.of(this, perceptron);
        FitNetwork.Fitted fitted =
                new FitNetwork(this, dataset).run(source, FeatureColumns.of(getFeaturesCol(), getLabelCol()));
        TartanRegressionModel model = new TartanRegressionModel(uid, fitted.network());
        model.setSummary(new Some<>(fitted.summary()));
        return model;
    }

    @Override
    public TartanRegressor copy(ParamMap extra) {
        TartanRegressor copy = defaultCopy(extra);
        copy.network = network;
        return copy;
    }

    @Override
    public MLWriter write() {
        return SavedParams.writer(this);
    }

    /** Reads what {@link #write} wrote. */
    public static MLReader<TartanRegressor> read() {
        return SavedParams.estimators(TartanRegressor.class, TartanRegressor::new);
    }

    /** Reads what was saved under a URI. */
    public static TartanRegressor load(String path) {
        return read().load(path);
    }
}
