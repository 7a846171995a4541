package dev.tartan.spark.filesystem;

import dev.tartan.path.PathScheme;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.util.VersionInfo;
import org.jspecify.annotations.Nullable;

/** The schemes that Hadoop has a file system for. */
public final class StoreScheme implements PathScheme {
    private static final String HADOOP = "org.apache.hadoop:";

    /** Which jar has the file system that Hadoop does not bring with itself. */
    private static final Map<String, String> JARS = Map.of(
            "s3a", HADOOP + "hadoop-aws",
            "abfs", HADOOP + "hadoop-azure",
            "abfss", HADOOP + "hadoop-azure",
            "wasb", HADOOP + "hadoop-azure",
            "wasbs", HADOOP + "hadoop-azure",
            "adl", HADOOP + "hadoop-azure-datalake",
            "oss", HADOOP + "hadoop-aliyun",
            "gs", "com.google.cloud.bigdataoss:gcs-connector");

    /** Neither tells the length of a file, nor lists a folder. */
    private static final List<String> WEB = List.of("http", "https");

    @Override
    public boolean accepts(URI uri) {
        String scheme = uri.getScheme();
        return !WEB.contains(scheme) && (JARS.containsKey(scheme) || missing(scheme) == null);
    }

    @Override
    public Path path(URI uri) {
        String missing = missing(uri.getScheme());
        if (missing != null) {
            String jar = JARS.getOrDefault(uri.getScheme(), "the jar that has it");
            throw new IllegalArgumentException("path is on a file system whose jar is missing: path=" + text(uri)
                    + ", reason=" + missing + ". Add "
                    + jar + (jar.startsWith(HADOOP) ? ":" + VersionInfo.getVersion() : "")
                    + " to the job, for example by --conf spark.jars.packages.");
        }
        return new StoreFileSystem(uri.getScheme(), uri.getAuthority()).path(uri.getPath());
    }

    private static String text(URI uri) {
        return uri.getScheme() + "://" + (uri.getAuthority() == null ? "" : uri.getAuthority()) + uri.getPath();
    }

    /** Why the file system of a scheme cannot be made, null if it can. */
    private static @Nullable String missing(String scheme) {
        Configuration conf = HadoopConfiguration.current();
        try {
            FileSystem.getFileSystemClass(scheme, conf);
            return null;
        } catch (IOException | RuntimeException | LinkageError e) {
            // Hadoop wraps that the class is not found.
            return String.valueOf(e.getMessage());
        }
    }
}
