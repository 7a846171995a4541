package dev.tartan.spark.dl4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.serializer.KryoSerializer;
import org.apache.spark.serializer.SerializerInstance;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.spark.impl.multilayer.SparkDl4jMultiLayer;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.nd4j.kryo.Nd4jRegistrator;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/** Sessions with Kryo, with processes of their own, and those that cannot carry DataSets. */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class Dl4jSessionsTest {
    private static final double CLOSE = 1e-5;
    private static final String KRYO = KryoSerializer.class.getName();

    private static void fitsAsOneMachine(JavaSparkContext spark) {
        List<DataSet> data = SmallDl4j.data(22, 5);
        SparkDl4jMultiLayer net = new SparkDl4jMultiLayer(
                spark,
                SmallDl4j.mlp(),
                new MeshTrainingMaster.Builder(5)
                        .mesh(2, 1)
                        .zeroStage(1)
                        .batchSizePerWorker(12)
                        .build());
        MultiLayerNetwork local = SmallDl4j.localMlp();
        for (int fit = 0; fit < 2; fit++) {
            net.fit(spark.parallelize(data, 6));
            local.fit(SmallDl4j.merged(data));
        }
        assertThat(net.getScore()).isCloseTo(local.score(), within(CLOSE));
        assertThat(SmallDl4j.distance(net.getNetwork().params(), local.params()))
                .isLessThan(CLOSE);
        assertThat(SmallDl4j.distance(SmallDl4j.updaterState(net.getNetwork()), SmallDl4j.updaterState(local)))
                .isLessThan(CLOSE);
    }

    @Test
    void kryoMayAskForRegistration() {
        try (JavaSparkContext spark = SmallDl4j.session(
                "local[2]",
                "spark.serializer",
                KRYO,
                "spark.kryo.registrator",
                Dl4jKryoRegistrator.class.getName(),
                "spark.kryo.registrationRequired",
                "true")) {
            fitsAsOneMachine(spark);
        }
    }

    @Test
    @Tag("slow")
    void processesOfTheirOwnTrainWithJavasSerializer() {
        try (JavaSparkContext spark = SmallDl4j.session("local-cluster[2,1,1024]")) {
            fitsAsOneMachine(spark);
            FitsAlike.all(spark);
        }
    }

    @Test
    @Tag("slow")
    void processesOfTheirOwnTrainWithKryoAsDl4jSetsItUp() {
        try (JavaSparkContext spark = SmallDl4j.session(
                "local-cluster[2,1,1024]",
                "spark.serializer",
                KRYO,
                "spark.kryo.registrator",
                Nd4jRegistrator.class.getName())) {
            fitsAsOneMachine(spark);
            FitsAlike.all(spark);
        }
    }

    @Test
    void kryoWithoutARegistratorIsNamed() {
        try (JavaSparkContext spark = SmallDl4j.session("local[1]", "spark.serializer", KRYO)) {
            assertThatThrownBy(() -> SerializerCheck.run(spark.sc()))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("session's serializer does not carry ND4J's arrays: spark.serializer="
                            + KRYO + ", spark.kryo.registrator=none, spark.kryo.registrationRequired=false, reason=")
                    .hasMessageEndingWith(". Set spark.kryo.registrator=dev.tartan.spark.dl4j.Dl4jKryoRegistrator, or"
                            + " leave spark.serializer as it is by default.");
        }
    }

    @Test
    void registratorCarriesWhatRddsAreMadeOf() {
        try (JavaSparkContext spark = SmallDl4j.session(
                "local[1]",
                "spark.serializer",
                KRYO,
                "spark.kryo.registrator",
                Dl4jKryoRegistrator.class.getName(),
                "spark.kryo.registrationRequired",
                "true")) {
            SerializerInstance kryo = spark.sc().env().serializer().newInstance();
            DataSet set = SmallDl4j.data(3, 3).get(0);
            set.setLabelsMaskArray(Nd4j.ones(3, 1));
            assertThat(roundTrip(kryo, set)).isEqualTo(set);
            MultiDataSet multi = set.toMultiDataSet();
            assertThat(roundTrip(kryo, multi)).isEqualTo(multi);
            INDArray[] arrays = {Nd4j.ones(2), Nd4j.zeros(3, 1)};
            assertThat(roundTrip(kryo, arrays)).containsExactly(arrays);
        }
    }

    private static <T> T roundTrip(SerializerInstance serializer, T value) {
        ClassTag<T> tag = ClassTag$.MODULE$.apply(Object.class);
        return serializer.deserialize(serializer.serialize(value, tag), tag);
    }
}
