package dev.tartan.spark.ml;

import dev.tartan.network.NetworkFactory;
import java.io.IOException;
import java.io.InputStream;
import java.io.NotSerializableException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.ObjectStreamClass;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkContext;

/**
 * Networks and parameters in the folder of a saved estimator or model, on any file system of Hadoop's:
 * {@code network.json} for a network that text describes, {@code network.ser} in Java's serialized form for one made by
 * code, and {@code parameters.safetensors}, streamed.
 */
final class NetworkStore {
    private static final String TEXT = "network.json";
    private static final String CODE = "network.ser";
    private static final String OPTIONAL = "optional-fields.txt";
    private static final String PARAMETERS = "parameters.safetensors";

    private final Path folder;
    private final FileSystem files;

    NetworkStore(String folder, SparkContext spark) throws IOException {
        this.folder = new Path(folder);
        this.files = this.folder.getFileSystem(spark.hadoopConfiguration());
    }

    private void write(NetworkSource source) throws IOException {
        if (source instanceof NetworkSource.Text text) {
            try (FSDataOutputStream out = files.create(new Path(folder, TEXT))) {
                out.write(text.text().getBytes(StandardCharsets.UTF_8));
            }
        } else {
            write(source.factory());
        }
    }

    /** Writes what makes a network, if another JVM can read it. */
    void write(NetworkFactory factory) throws IOException {
        String name = factory.getClass().getName();
        if (name.startsWith("$line")) {
            throw new IllegalArgumentException("network cannot be saved, for its class was typed into a shell, which"
                    + " other programs lack: class=" + name + ". Put it into a jar.");
        }
        try (OutputStream out = files.create(new Path(folder, CODE));
                ObjectOutputStream objects = new ObjectOutputStream(out)) {
            objects.writeObject(factory);
        } catch (NotSerializableException e) {
            throw new IllegalArgumentException(
                    "network cannot be saved, for what makes it is not serializable: factory=" + name + ", class="
                            + e.getMessage() + ". Let the factory hold sizes alone, or set networkClass.",
                    e);
        }
    }

    boolean hasFactory() throws IOException {
        return files.exists(new Path(folder, CODE));
    }

    private NetworkSource readNetwork() throws IOException {
        if (hasFactory()) {
            return new NetworkSource.Code(readFactory());
        }
        try (InputStream in = files.open(new Path(folder, TEXT))) {
            return new NetworkSource.Text(new String(in.readAllBytes(), StandardCharsets.UTF_8));
        }
    }

    NetworkFactory readFactory() throws IOException {
        ClassLoader loader = Thread.currentThread().getContextClassLoader();
        try (InputStream in = files.open(new Path(folder, CODE));
                ObjectInputStream objects = new ObjectInputStream(in) {
                    @Override
                    protected Class<?> resolveClass(ObjectStreamClass description)
                            throws IOException, ClassNotFoundException {
                        try {
                            return Class.forName(description.getName(), false, loader);
                        } catch (ClassNotFoundException e) {
                            return super.resolveClass(description);
                        }
                    }
                }) {
            return (NetworkFactory) objects.readObject();
        } catch (ClassCastException e) {
            // What Java says of a lambda in a class that it cannot find.
            throw new IllegalArgumentException(
                    "network cannot be loaded, for the class that its lambda was written in is not on the class path:"
                            + " path=" + folder + ". Add its jar.",
                    e);
        } catch (ClassNotFoundException e) {
            throw new IllegalArgumentException(
                    "network cannot be loaded, for its class is not on the class path: path=" + folder + ", class="
                            + e.getMessage() + ". Add its jar.",
                    e);
        }
    }

    /** Writes a trained network. */
    void write(TrainedNetwork trained) throws IOException {
        write(trained.source());
        try (FSDataOutputStream out = files.create(new Path(folder, OPTIONAL))) {
            out.write(String.join("\n", new TreeSet<>(trained.optional())).getBytes(StandardCharsets.UTF_8));
        }
        writeParameters(trained.file());
    }

    /** Reads what was written of a trained network. */
    TrainedNetwork readTrained() throws IOException {
        NetworkSource source = readNetwork();
        try (InputStream in = files.open(new Path(folder, OPTIONAL))) {
            Set<String> optional = new String(in.readAllBytes(), StandardCharsets.UTF_8)
                    .lines()
                    .collect(Collectors.toUnmodifiableSet());
            return new TrainedNetwork(source, readParameters(), optional);
        }
    }

    private void writeParameters(ModelFile file) {
        try {
            files.copyFromLocalFile(false, true, new Path(file.path().toUri()), new Path(folder, PARAMETERS));
        } catch (IOException e) {
            throw new UncheckedIOException("parameters of a model cannot be saved: path=" + folder, e);
        }
    }

    private ModelFile readParameters() {
        return ModelFile.of(local -> {
            try (InputStream in = files.open(new Path(folder, PARAMETERS))) {
                java.nio.file.Files.copy(in, local);
            }
        });
    }
}
