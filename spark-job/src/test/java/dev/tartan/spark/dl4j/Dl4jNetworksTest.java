package dev.tartan.spark.dl4j;

import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The kinds of networks that DL4J's users have, fitted on a mesh as DL4J fits them on one machine. */
@Timeout(value = 300, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class Dl4jNetworksTest {
    private static JavaSparkContext spark;

    @BeforeAll
    static void start() {
        spark = SmallDl4j.session("local[2]");
    }

    @AfterAll
    static void stop() {
        spark.stop();
    }

    @Test
    void lenetLearnsAsOnOneMachine() {
        FitsAlike.lenet(spark);
    }

    @Test
    void graphsWithResidualAndMergeVerticesLearnAsOnOneMachine() {
        FitsAlike.residualGraph(spark);
    }

    @Test
    void maskedSequencesAreLearntAsOnOneMachine() {
        FitsAlike.maskedSequences(spark);
    }
}
