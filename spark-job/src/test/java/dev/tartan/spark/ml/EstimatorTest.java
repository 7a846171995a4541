package dev.tartan.spark.ml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Any network, its fields and outputs named. */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class EstimatorTest {
    private static SparkSession session;
    private static Dataset<Row> frame;

    @BeforeAll
    static void start() {
        session = Digits.session("local[2]");
        frame = session.range(0, 200, 1, 3).selectExpr("array(sin(id), cos(id)) place", "int(id % 3) kind");
    }

    @AfterAll
    static void stop() {
        session.stop();
    }

    private static TartanEstimator estimator() {
        return new TartanEstimator()
                .setFeedDict(Map.of("x", "place", "y", "kind"))
                .setFetchDict(new TreeMap<>(Map.of("a", "logits", "b", "losses", "c", "nested", "d", "signs")))
                .setMaxSteps(4);
    }

    @Test
    void outputsBecomeColumnsOfTheirShapeAndType() {
        TartanModel model =
                estimator().setNetwork(() -> new SmallNet(5).create()).fit(frame);
        Dataset<Row> predicted = model.transform(frame);
        assertThat(predicted.schema().simpleString())
                .isEqualTo(
                        "struct<place:array<double>,kind:int,a:array<float>,b:float,c:array<array<float>>,d:array<int>>");
        assertThat(model.transformSchema(frame.schema()).simpleString())
                .isEqualTo(predicted.schema().simpleString());
        for (Row row : predicted.collectAsList()) {
            List<Float> logits = row.getList(2);
            double sum = logits.stream().mapToDouble(Math::exp).sum();
            assertThat((double) row.getFloat(3)).isCloseTo(Math.log(sum) - logits.get(row.getInt(1)), within(1e-5));
            List<Double> place = row.getList(0);
            List<scala.collection.Seq<Float>> nested = row.getList(4);
            assertThat(nested).hasSize(3);
            assertThat((double) nested.get(2).apply(1)).isCloseTo(3 * place.get(1), within(1e-6));
            List<Integer> signs = row.getList(5);
            for (int c = 0; c < 3; c++) {
                assertThat(signs.get(c)).isEqualTo(logits.get(c) >= 0 ? 1 : 0);
            }
        }
        assertThat(model.summary().history().columns())
                .containsExactly("step", "loss", "gradNorm", "stepMillis", "squares");
        assertThat(model.summary().totalIterations()).isEqualTo(4);
    }

    @Test
    void labelsAreNotNeededForOutputsThatDoNotUseThem() {
        TartanModel model = estimator()
                .setFetchDict(Map.of("scores", "logits"))
                .setNetwork(new SmallNet(5))
                .fit(frame);
        assertThat(model.transform(frame.drop("kind")).select("scores").collectAsList())
                .hasSize(200);
    }

    @Test
    void aNetworkMayBeNamedByItsClassAndJson() {
        TartanEstimator named =
                estimator().setNetworkClass(SmallNet.class.getName()).setNetworkConfig("{\"width\": 5}");
        double[] losses = named.fit(frame).summary().objectiveHistory();
        assertThat(losses)
                .containsExactly(estimator()
                        .setNetwork(new SmallNet(5))
                        .fit(frame)
                        .summary()
                        .objectiveHistory());
        assertThatThrownBy(() -> named.setNetworkConfig("{\"wdith\": 5}").fit(frame))
                .hasMessageContaining("network.wdith is not a key. Did you mean network.width?");
    }

    @Test
    void namesThatDoNotGoWithTheNetworkAreRefused() {
        TartanEstimator estimator = estimator().setNetwork(new SmallNet(5));
        assertThatThrownBy(() -> estimator
                        .copy(org.apache.spark.ml.param.ParamMap.empty())
                        .setFetchDict(Map.of("scores", "logit"))
                        .fit(frame))
                .hasMessageStartingWith("network has no such output: output=logit");
        assertThatThrownBy(() -> estimator
                        .copy(org.apache.spark.ml.param.ParamMap.empty())
                        .setFeedDict(Map.of("x", "place", "z", "kind"))
                        .fit(frame))
                .hasMessageContaining("network has no such field: field=z")
                .hasMessageContaining("field has no column: field=y");
        assertThatThrownBy(() -> estimator
                        .copy(org.apache.spark.ml.param.ParamMap.empty())
                        .setFetchDict(Map.of("kind", "logits"))
                        .transformSchema(frame.schema()))
                .hasMessage("frame has a column of the name already: fetchColumn=kind, columns=[place, kind]. Choose"
                        + " another name.");
        estimator.set(estimator.feedFields(), new String[] {"x"});
        assertThatThrownBy(() -> estimator.fit(frame))
                .hasMessageStartingWith("params do not go together: feedFields=[x]");
    }
}
