package dev.tartan.spark.ml;

import java.nio.file.Path;
import java.util.stream.IntStream;
import org.apache.spark.ml.feature.VectorAssembler;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** The 1,797 handwritten digits of 8x8 that scikit-learn ships: a label and 64 features from 0 to 16. */
final class Digits {
    private Digits() {}

    static SparkSession session(String master) {
        return SparkSession.builder()
                .master(master)
                .appName("ml test")
                .config("spark.ui.enabled", "false")
                .config("spark.sql.shuffle.partitions", "4")
                .config("spark.driver.host", "127.0.0.1")
                .config("spark.executor.extraClassPath", System.getProperty("java.class.path"))
                .getOrCreate();
    }

    static Dataset<Row> read(SparkSession session) throws java.net.URISyntaxException {
        Path csv = Path.of(java.util.Objects.requireNonNull(Digits.class.getResource("/digits.csv"))
                .toURI());
        Dataset<Row> table = session.read()
                .option("header", "true")
                .option("inferSchema", "true")
                .csv(csv.toString());
        return new VectorAssembler()
                .setInputCols(IntStream.range(0, 64).mapToObj(i -> "p" + i).toArray(String[]::new))
                .setOutputCol("features")
                .transform(table)
                .select("label", "features")
                .cache();
    }
}
