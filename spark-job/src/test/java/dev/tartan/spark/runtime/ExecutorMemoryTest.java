package dev.tartan.spark.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ExecutorMemoryTest {
    private static final long GIB = 1L << 30;

    private static SparkConf conf(String master) {
        return new SparkConf(false).set("spark.master", master);
    }

    @ParameterizedTest
    @ValueSource(strings = {"yarn", "k8s://https://host:6443"})
    void whatIsPlannedForAnExecutorsRanksIsAskedFor(String master) {
        SparkConf conf = conf(master).set("spark.executor.memory", "8g");
        assertThat(ExecutorMemory.plan(conf, 3 * GIB + 1, 4, 2))
                .isEqualTo("executors ask for 7,476 MiB beside 8,192 MiB of heap, of which 6,145 MiB are planned for"
                        + " tensors: spark.executor.memoryOverhead");
        assertThat(conf.get("spark.executor.memoryOverhead")).isEqualTo("7476m");
    }

    @Test
    void aSmallHeapHasWhatSparkGivesItAtTheLeast() {
        SparkConf conf = conf("yarn");
        assertThat(ExecutorMemory.plan(conf, 1, 1, 1)).isNotNull();
        assertThat(conf.get("spark.executor.memoryOverhead")).isEqualTo("897m");
    }

    @ParameterizedTest
    @ValueSource(strings = {"local[4]", "local-cluster[2,1,2048]", "spark://host:7077"})
    void whereNobodyEndsExecutorsNothingIsAsked(String master) {
        SparkConf conf = conf(master);
        assertThat(ExecutorMemory.plan(conf, GIB, 4, 2)).isNull();
        assertThat(conf.contains("spark.executor.memoryOverhead")).isFalse();
    }

    @Test
    void whatTheUserGivesStaysIfItIsEnough() {
        SparkConf conf = conf("yarn").set("spark.executor.memoryOverhead", "2048");
        assertThat(ExecutorMemory.plan(conf, GIB, 4, 2)).isNull();
        assertThat(conf.get("spark.executor.memoryOverhead")).isEqualTo("2048");
    }

    @Test
    void whatIsTooLittleByAByteIsRefused() {
        SparkConf conf = conf("yarn").set("spark.executor.memoryOverhead", "2g");
        assertThatThrownBy(() -> ExecutorMemory.plan(conf, GIB * 2 + 1, 2, 2))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("executors ask for too little memory beside their heap, and the cluster would end them:"
                        + " spark.executor.memoryOverhead=2g, bytes=2147483648, plannedBytes=2147483649,"
                        + " missingBytes=1. Leave it out, or give 2945m of spark.executor.memoryOverhead.");
    }

    @Test
    void aFactorIsTheUsersWordToo() {
        SparkConf conf =
                conf("k8s://x").set("spark.executor.memory", "10g").set("spark.kubernetes.memoryOverheadFactor", "0.4");
        assertThat(ExecutorMemory.plan(conf, 2 * GIB, 4, 2)).isNull();
        assertThatThrownBy(() -> ExecutorMemory.plan(conf, 2 * GIB + 1, 4, 2))
                .hasMessageContaining("spark.kubernetes.memoryOverheadFactor=0.4")
                .hasMessageContaining("missingBytes=2.");
    }
}
