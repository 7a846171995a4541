package dev.tartan.spark.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.apache.spark.SparkConf;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class PreflightTest {
    @Test
    void settingsMadeForItPass() {
        assertThatCode(() -> Preflight.check(conf("local[2]"), 4, 1)).doesNotThrowAnyException();
        assertThatCode(() -> Preflight.check(conf("spark://host:7077"), 4, 1)).doesNotThrowAnyException();
    }

    @Test
    void allProblemsAreReportedTogether() {
        SparkConf conf = new SparkConf(false)
                .set("spark.master", "local[1]")
                .set("spark.task.cpus", "2")
                .set("spark.task.resource.gpu.amount", "1")
                .set("spark.dynamicAllocation.enabled", "true");
        assertProblems(
                conf,
                "Spark is not set up for this run, 2 problems:",
                "  spark.master has too few slots, and the run would never start: value=local[1], spark.task.cpus=2,"
                        + " slots=0, needed=1. Use local[2] or more threads.",
                "  spark.task.resource.gpu.amount is set in local mode, which has no GPUs per task and would never"
                        + " start the run: value=1, spark.master=local[1]. Remove it, or use a cluster such as"
                        + " local-cluster[1,1,4096].");
    }

    @Test
    void gpusOfTasksMustMatchTheMesh() {
        SparkConf conf = conf("spark://host:7077")
                .set("spark.executor.resource.gpu.amount", "1")
                .set("spark.task.resource.gpu.amount", "2");
        assertProblems(
                conf,
                "Spark is not set up for this run, 2 problems:",
                "  spark.task.resource.gpu.amount does not match the mesh: value=2, tasks=1, mesh.data*mesh.model=4."
                        + " Set it to 4, or choose mesh.data and mesh.model to multiply to 2.",
                "  spark.executor.resource.gpu.amount differs from spark.task.resource.gpu.amount, and the one task of"
                        + " an executor owns all its GPUs: value=1, spark.task.resource.gpu.amount=2. Set both to the"
                        + " same number.");
    }

    @Test
    void oneTaskOwnsAllGpusOfItsExecutor() {
        SparkConf conf =
                conf("yarn").set("spark.executor.resource.gpu.amount", "4").set("spark.task.resource.gpu.amount", "2");
        assertProblems(
                conf,
                2,
                "Spark is not set up for this run, a problem:",
                "  spark.executor.resource.gpu.amount differs from spark.task.resource.gpu.amount, and the one task of"
                        + " an executor owns all its GPUs: value=4, spark.task.resource.gpu.amount=2. Set both to the"
                        + " same number.");
        conf.set("spark.executor.resource.gpu.amount", "2");
        assertThatCode(() -> Preflight.check(conf, 4, 2)).doesNotThrowAnyException();
    }

    @Test
    void localClustersNeedAWorkerForEachTask() {
        assertThatCode(() -> Preflight.check(conf("local-cluster[2,1,1024]"), 4, 2))
                .doesNotThrowAnyException();
        SparkConf small = new SparkConf(false)
                .set("spark.master", "local-cluster[1,2,1024]")
                .set("spark.executor.cores", "1");
        assertThatCode(() -> Preflight.check(SparkSettings.addTo(small), 4, 2)).doesNotThrowAnyException();
        assertProblems(
                conf("local-cluster[1,2,1024]"),
                2,
                "Spark is not set up for this run, a problem:",
                "  spark.master has too few executors: value=local-cluster[1,2,1024], executors=1, needed=2. Use"
                        + " local-cluster[2,2,MEMORY] or more workers.");
        assertProblems(
                conf("local-cluster[2,1,1024]").set("spark.task.cpus", "2"),
                2,
                "Spark is not set up for this run, a problem:",
                "  spark.master has too few cores for a task, and the run would never start:"
                        + " value=local-cluster[2,1,1024], cores=1, spark.task.cpus=2. Set spark.task.cpus to 1 or"
                        + " less.");
    }

    @Test
    void workersOfALocalClusterNeedGpusToo() {
        SparkConf conf = conf("local-cluster[2,1,1024]")
                .set("spark.executor.resource.gpu.amount", "2")
                .set("spark.task.resource.gpu.amount", "2");
        assertProblems(
                conf,
                2,
                "Spark is not set up for this run, a problem:",
                "  spark.worker.resource.gpu.amount is not set, so the workers of this master have no GPU and the run"
                        + " would never start: value=none, spark.master=local-cluster[2,1,1024]. Set it to 2, and"
                        + " spark.worker.resource.gpu.discoveryScript to scripts/discover-gpus.");
    }

    @Test
    void severalTasksNeedAsManySlots() {
        assertProblems(
                conf("local[2]"),
                4,
                "Spark is not set up for this run, a problem:",
                "  spark.master has too few slots, and the run would never start: value=local[2], spark.task.cpus=1,"
                        + " slots=2, needed=4. Use local[4] or more threads.");
        assertProblems(
                conf("yarn").set("spark.executor.instances", "2"),
                4,
                "Spark is not set up for this run, a problem:",
                "  spark.executor.instances gives too few slots: value=2, slots=2, needed=4. Set it to 4 or more.");
    }

    @Test
    void aTaskTakesAllCoresOfItsExecutorOnAClusterOnly() {
        assertThat(taskCpus("yarn", "4")).isEqualTo("4");
        assertThat(taskCpus("local-cluster[2,3,1024]", null)).isEqualTo("3");
        assertThat(taskCpus("spark://host:7077", null)).isEqualTo("unset");
        assertThat(taskCpus("local[8]", "4")).isEqualTo("unset");
    }

    @Test
    void clustersAreAskedForAsManyExecutorsAsTheMeshHas() {
        assertThat(instances("yarn", 3)).isEqualTo("3");
        assertThat(instances("yarn", 1)).isEqualTo("unset");
        assertThat(instances("local[8]", 3)).isEqualTo("unset");
    }

    private static String instances(String master, int numExecutors) {
        return SparkSettings.addTo(new SparkConf(false).set("spark.master", master), numExecutors)
                .get("spark.executor.instances", "unset");
    }

    private static String taskCpus(String master, @Nullable String executorCores) {
        SparkConf conf = new SparkConf(false).set("spark.master", master);
        if (executorCores != null) {
            conf.set("spark.executor.cores", executorCores);
        }
        return SparkSettings.addTo(conf).get("spark.task.cpus", "unset");
    }

    @Test
    void gpusThatNoTaskAsksForAreAMistake() {
        assertProblems(
                conf("yarn").set("spark.executor.resource.gpu.amount", "4"),
                "Spark is not set up for this run, a problem:",
                "  spark.executor.resource.gpu.amount is set, yet tasks ask for no GPU and would get none: value=4. Set"
                        + " spark.task.resource.gpu.amount=4.");
    }

    @Test
    void clustersNeedEnoughSlots() {
        SparkConf conf = conf("spark://host:7077")
                .set("spark.task.cpus", "4")
                .set("spark.executor.cores", "2")
                .set("spark.executor.instances", "0")
                .set("spark.cores.max", "2");
        assertProblems(
                conf,
                "Spark is not set up for this run, 3 problems:",
                "  spark.executor.cores is below what one task needs: value=2, spark.task.cpus=4. Set it to 4 or more.",
                "  spark.executor.instances gives too few slots: value=0, slots=0, needed=1. Set it to 1 or more.",
                "  spark.cores.max gives too few slots: value=2, spark.task.cpus=4, needed=4. Set it to 4 or more.");
    }

    @Test
    void noPropertyIsAskedFor() {
        SparkConf conf = new SparkConf(false)
                .set("spark.master", "spark://host:7077")
                .set("spark.serializer", "org.apache.spark.serializer.JavaSerializer")
                .set("spark.speculation", "true");
        assertThatCode(() -> Preflight.check(conf, 4, 2)).doesNotThrowAnyException();
    }

    @Test
    void dynamicAllocationIsRefusedOnAClusterOnly() {
        SparkConf conf = new SparkConf(false).set("spark.dynamicAllocation.enabled", "true");
        assertProblems(
                conf.set("spark.master", "yarn"),
                2,
                "Spark is not set up for this run, a problem:",
                "  spark.dynamicAllocation.enabled is on, and Spark then refuses the barrier stage that a mesh needs:"
                        + " value=true. Start the session with it off, and with spark.executor.instances=2 or more.");
        assertThatCode(() -> Preflight.check(conf.set("spark.master", "local[2]"), 4, 2))
                .doesNotThrowAnyException();
    }

    @Test
    void aSecretTooShortForConnectionsIsFoundBeforeSparkStarts() {
        SparkConf conf =
                conf("yarn").set("spark.authenticate", "true").set("spark.authenticate.secret", "15 bytes, 15 by");
        assertProblems(
                conf,
                2,
                "Spark is not set up for this run, a problem:",
                "  spark.authenticate.secret is too short for the connections between executors: bytes=15, needed=16."
                        + " Give a longer one, of random bytes.");
        assertThatCode(() -> Preflight.check(conf, 4, 1)).doesNotThrowAnyException();
        assertThatCode(() -> Preflight.check(conf.set("spark.authenticate.secret", "16 bytes, 16 byt"), 4, 2))
                .doesNotThrowAnyException();
    }

    @Test
    void aMeshMustFitIntoTheMachineItIsOn() {
        assertThatThrownBy(() -> Preflight.checkMemory(conf("local[2]"), 300, 4, 1000))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("memory of this machine is too small for the"
                        + " mesh: bytesPerDevice=300, devices=4, machineBytes=1000. Lower network.* or"
                        + " train.globalBatch, raise train.microBatches, or use a cluster.");
        assertThatCode(() -> Preflight.checkMemory(conf("local[2]"), 250, 4, 1000))
                .doesNotThrowAnyException();
        assertThatCode(() -> Preflight.checkMemory(conf("yarn"), 300, 4, 1000)).doesNotThrowAnyException();
    }

    private static void assertProblems(SparkConf conf, String... lines) {
        assertProblems(conf, 1, lines);
    }

    private static void assertProblems(SparkConf conf, int numTasks, String... lines) {
        assertThatThrownBy(() -> Preflight.check(conf, 4, numTasks))
                .isInstanceOf(PreflightException.class)
                .hasMessage(String.join("\n", lines));
    }

    private static SparkConf conf(String master) {
        return SparkSettings.addTo(new SparkConf(false).set("spark.master", master));
    }
}
