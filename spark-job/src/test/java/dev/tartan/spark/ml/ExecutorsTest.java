package dev.tartan.spark.ml;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Models in other processes than the driver's. */
@Tag("slow")
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ExecutorsTest {
    @Test
    void executorsGetTheModelFromTheDriver() throws Exception {
        SparkSession session = Digits.session("local-cluster[2,1,1024]");
        try {
            Dataset<Row> digits = Digits.read(session).repartition(6);
            TartanClassificationModel model = new TartanClassifier()
                    .setHiddenLayers(new int[] {32})
                    .setMesh(2, 1)
                    .setEpochs(5)
                    .fit(digits);
            List<Row> rows = model.transform(digits)
                    .select("prediction", "features", "label")
                    .collectAsList();
            assertThat(rows).hasSize(1797);
            long right = rows.stream()
                    .filter(row -> row.getDouble(0) == row.getInt(2))
                    .count();
            assertThat(right).isGreaterThan(1500);
            assertThat(model.transform(digits).select("prediction").collectAsList())
                    .as("for tasks that have it already")
                    .hasSize(1797);
        } finally {
            session.stop();
        }
    }
}
