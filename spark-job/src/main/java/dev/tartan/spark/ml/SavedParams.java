package dev.tartan.spark.ml;

import dev.tartan.network.NetworkFactory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.apache.spark.SparkContext;
import org.apache.spark.ml.param.Params;
import org.apache.spark.ml.util.DefaultParamsReader;
import org.apache.spark.ml.util.DefaultParamsReader$;
import org.apache.spark.ml.util.DefaultParamsWriter$;
import org.apache.spark.ml.util.MLReader;
import org.apache.spark.ml.util.MLWriter;
import scala.Option;

/** Saves and loads estimators and models: their params in {@code metadata}, as Spark lays it out, the rest beside. */
final class SavedParams {
    private SavedParams() {}

    /** What is saved or loaded beside the params. */
    @FunctionalInterface
    private interface Store {
        void accept(NetworkStore store) throws IOException;
    }

    /** Makes an object from what is beside its params, which it does not have yet. */
    @FunctionalInterface
    private interface Maker<T> {
        T make(String uid, NetworkStore store) throws IOException;
    }

    /** Saves an estimator, with its network if code makes it. */
    static MLWriter writer(NetworkParams<?> estimator) {
        return writer(estimator, store -> {
            NetworkFactory network = estimator.network();
            if (network != null) {
                store.write(network);
            }
        });
    }

    /** Saves a model. */
    static MLWriter writer(Params model, TrainedNetwork trained) {
        return writer(model, store -> store.write(trained));
    }

    private static MLWriter writer(Params saved, Store rest) {
        return new MLWriter() {
            @Override
            public void saveImpl(String path) {
                try {
                    rest.accept(new NetworkStore(path, sc()));
                } catch (IOException e) {
                    throw new UncheckedIOException("object cannot be saved: uid=" + saved.uid() + ", path=" + path, e);
                }
                DefaultParamsWriter$.MODULE$.saveMetadata(saved, path, sc(), Option.empty(), Option.empty());
            }
        };
    }

    /** Loads estimators, which {@code maker} makes of a uid. */
    static <T extends NetworkParams<T>> MLReader<T> estimators(Class<T> type, Function<String, T> maker) {
        return reader(type, (uid, store) -> {
            T loaded = maker.apply(uid);
            return store.hasFactory() ? loaded.setNetwork(store.readFactory()) : loaded;
        });
    }

    /** Loads models, which {@code maker} makes of a uid and what was trained. */
    static <T extends Params> MLReader<T> models(Class<T> type, BiFunction<String, TrainedNetwork, T> maker) {
        return reader(type, (uid, store) -> maker.apply(uid, store.readTrained()));
    }

    private static <T extends Params> MLReader<T> reader(Class<T> type, Maker<T> maker) {
        return new MLReader<>() {
            @Override
            public T load(String path) {
                SparkContext spark = sc();
                DefaultParamsReader.Metadata metadata =
                        DefaultParamsReader$.MODULE$.loadMetadata(path, spark, type.getName());
                try {
                    T loaded = maker.make(metadata.uid(), new NetworkStore(path, spark));
                    metadata.getAndSetParams(loaded, Option.empty());
                    return loaded;
                } catch (IOException e) {
                    throw new UncheckedIOException("object cannot be loaded: path=" + path, e);
                }
            }
        };
    }
}
