package dev.tartan.spark.ml;

import dev.tartan.network.MlpLoss;
import dev.tartan.network.NetworkFactory;
import dev.tartan.op.Activation;
import org.apache.spark.ml.classification.ProbabilisticClassifier;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.param.ParamMap;
import org.apache.spark.ml.util.Identifiable$;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.ml.util.MLWritable;
import org.apache.spark.ml.util.MLWriter;
import org.apache.spark.sql.Dataset;
import org.jspecify.annotations.Nullable;
import scala.Some;

/**
 * Classifies by a neural network that is trained on a mesh of devices.
 *
 * <pre>{@code
 * new TartanClassifier().setHiddenLayers(new int[] {64, 64}).setMesh(2, 1).fit(frame).transform(other)
 * }</pre>
 *
 * <p>The network is a multilayer perceptron, or one of the user's with the fields {@code x} (the features) and
 * {@code y} (the label, an INT32) and the output {@code logits [batch, classes]}. Features are taken as they are; a
 * {@code StandardScaler} before may help.
 */
public final class TartanClassifier extends ProbabilisticClassifier<Vector, TartanClassifier, TartanClassificationModel>
        implements LayerParams<TartanClassifier>, MLWritable {
    private static final long serialVersionUID = 1;
    private static final int MOST_CLASSES = 100;

    private final String uid;
    private @Nullable NetworkFactory network;

    /** Makes an estimator with a uid of its own. */
    public TartanClassifier() {
        this(Identifiable$.MODULE$.randomUID("tartanClassifier"));
    }

    /** Makes an estimator. */
    public TartanClassifier(String uid) {
        this(HeldUid.hold(uid));
    }

    private TartanClassifier(HeldUid held) {
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
    public TartanClassifier setNetwork(NetworkFactory factory) {
        network = factory;
        return this;
    }

    @Override
    public TartanClassificationModel train(Dataset<?> dataset) {
        NetworkSource perceptron = NetworkSource.perceptron(
                this,
                () -> FeatureColumns.count(dataset, getFeaturesCol()),
                () -> getNumClasses(dataset, MOST_CLASSES),
                MlpLoss.CROSS_ENTROPY);
        NetworkSource source = NetworkSource.of(this, perceptron);
        FitNetwork.Fitted fitted =
                new FitNetwork(this, dataset).run(source, FeatureColumns.of(getFeaturesCol(), getLabelCol()));
        TartanClassificationModel model = new TartanClassificationModel(uid, fitted.network());
        model.setSummary(new Some<>(fitted.summary()));
        return model;
    }

    @Override
    public TartanClassifier copy(ParamMap extra) {
        TartanClassifier copy = defaultCopy(extra);
        copy.network = network;
        return copy;
    }

    @Override
    public MLWriter write() {
        return SavedParams.writer(this);
    }

    /** Reads what {@link #write} wrote. */
    public static MLReader<TartanClassifier> read() {
        return SavedParams.estimators(TartanClassifier.class, TartanClassifier::new);
    }

    /** Reads what was saved under a URI. */
    public static TartanClassifier load(String path) {
        return read().load(path);
    }
}
