package dev.tartan.spark.runtime;

import dev.tartan.train.MeshSpread;
import dev.tartan.train.config.MeshConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.SparkContext;
import org.apache.spark.resource.ResourceInformation;
import org.apache.spark.status.api.v1.ExecutorSummary;
import scala.Option;
import scala.collection.JavaConverters;

/** The executors of a session that Spark knows to be there and that are to stay. */
public final class LiveExecutors {
    private final SparkContext spark;

    LiveExecutors(SparkContext spark) {
        this.spark = spark;
    }

    /**
     * How many executors a mesh is spread over by itself: as many as divide {@code data}, so that groups along
     * {@code model} stay within one; where tasks have fewer GPUs than such a group has ranks, as many as give each rank
     * a GPU. One in local mode.
     */
    public static int forMesh(SparkContext spark, MeshConfig mesh) {
        if (spark.isLocal()) {
            return 1;
        }
        // The driver is listed too.
        int present = spark.statusTracker().getExecutorInfos().length - 1;
        return forMesh(mesh, present, spark.getConf().getDouble(SparkSettings.TASK_GPUS, 0));
    }

    static int forMesh(MeshConfig mesh, int present, double gpusPerTask) {
        if (gpusPerTask >= 1 && gpusPerTask < mesh.model()) {
            int executors = (int) (mesh.data() * mesh.model() / gpusPerTask);
            if (executors * gpusPerTask == mesh.data() * mesh.model() && MeshSpread.fits(mesh, executors)) {
                return executors;
            }
        }
        int executors = Math.max(1, Math.min(present, mesh.data()));
        while (mesh.data() % executors != 0) {
            executors--;
        }
        return executors;
    }

    /** All of them; none in local mode. Those that are being decommissioned are left out. */
    List<ExecutorPlace> list() {
        List<ExecutorPlace> places = new ArrayList<>();
        for (ExecutorSummary executor :
                JavaConverters.seqAsJavaList(spark.statusStore().executorList(true))) {
            if (!executor.id().equals("driver") && !isLeaving(executor.id())) {
                places.add(new ExecutorPlace(
                        executor.id(),
                        host(executor.hostPort()),
                        gpus(executor),
                        executor.maxTasks() - executor.activeTasks(),
                        executor.totalTasks() > 0));
            }
        }
        return places;
    }

    /** Whether an executor is being decommissioned: it takes no more tasks, and will soon be gone. */
    boolean isLeaving(String id) {
        return spark.taskScheduler().getExecutorDecommissionState(id).isDefined();
    }

    private static List<String> gpus(ExecutorSummary executor) {
        Option<ResourceInformation> gpus = executor.resources().get("gpu");
        return gpus.isEmpty() ? List.of() : Arrays.asList(gpus.get().addresses());
    }

    private static String host(String hostPort) {
        int colon = hostPort.lastIndexOf(':');
        return colon < 0 ? hostPort : hostPort.substring(0, colon);
    }
}
