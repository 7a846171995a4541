package dev.tartan.spark.runtime;

import java.util.ArrayList;
import java.util.List;
import org.apache.spark.JobExecutionStatus;
import org.apache.spark.SparkContext;
import org.apache.spark.status.api.v1.ExecutorSummary;
import org.apache.spark.status.api.v1.JobData;
import scala.collection.JavaConverters;

/**
 * How many tasks a session can run at once, and what runs.
 *
 * @param total how many tasks all executors can run together
 * @param busy how many they run now
 * @param users the jobs that have not ended, in words
 */
record Slots(int total, int busy, List<String> users) {
    /**
     * What Spark knows now; it learns of starts and ends of tasks a little later.
     *
     * @param except jobs that are not counted among the users
     */
    static Slots of(SparkContext spark, Integer... except) {
        int total = spark.maxNumConcurrentTasks(spark.resourceProfileManager().defaultResourceProfile());
        int busy = 0;
        for (ExecutorSummary executor :
                JavaConverters.seqAsJavaList(spark.statusStore().executorList(true))) {
            busy += executor.activeTasks();
        }
        List<String> users = new ArrayList<>();
        for (JobData job :
                JavaConverters.seqAsJavaList(spark.statusStore().jobsList(List.of(JobExecutionStatus.RUNNING)))) {
            if (!List.of(except).contains(job.jobId())) {
                users.add(describe(job));
            }
        }
        return new Slots(total, busy, List.copyOf(users));
    }

    private static String describe(JobData job) {
        // The number that run now comes late.
        int tasks = job.numTasks() - job.numCompletedTasks() - job.numSkippedTasks();
        String what = job.description().isDefined() ? job.description().get() : job.name();
        return "job " + job.jobId() + " '" + what + "'"
                + (job.jobGroup().isDefined() ? " of group '" + job.jobGroup().get() + "'" : "") + " with "
                + tasks + (tasks == 1 ? " task" : " tasks");
    }

    @Override
    public String toString() {
        return "slots=" + total + ", busy=" + busy + ", usedBy=" + (users.isEmpty() ? "nobody Spark knows of" : users);
    }
}
