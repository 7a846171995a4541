package dev.tartan.spark.dataset;

import dev.tartan.spark.runtime.BarrierMeshJob;
import dev.tartan.spark.runtime.MeshRows;
import dev.tartan.spark.runtime.MeshTask;
import dev.tartan.spark.runtime.MeshTaskContext;
import dev.tartan.spark.runtime.RowReader;
import dev.tartan.train.Backends;
import dev.tartan.train.TrainingJob;
import dev.tartan.train.TrainingPlan;
import dev.tartan.train.data.RankSamples;
import java.util.List;
import org.apache.spark.api.java.JavaSparkContext;

/** Measures how long rows take into the spools and out of them; for {@code bench data}. */
public final class SpoolBench {
    private SpoolBench() {}

    /**
     * What was measured.
     *
     * @param spooledAtMillis when the last spool was written, by {@link System#currentTimeMillis} of its machine
     * @param shuffledSeconds of reading an epoch, of the slowest process
     * @param unshuffledSeconds the same in the order of the index
     */
    public record Result(double spooledAtMillis, double shuffledSeconds, double unshuffledSeconds) {}

    /** Spools the rows and reads an epoch of them, with one rank along {@code data} a process. */
    public static Result run(JavaSparkContext spark, FrameRows rows, TrainingJob job, int numTasks) {
        int globalBatch = job.train().globalBatch();
        FrameSamples samples = rows.samples(globalBatch);
        TrainingPlan plan = job.steps(Math.toIntExact(samples.stepsPerEpoch()))
                .samples(samples)
                .compile(Backends.of(job.device()));
        MeshRows<?> given = rows.rows(globalBatch, numTasks, null, 0);
        List<double[]> measured = new BarrierMeshJob(spark, "tartan: spools", numTasks)
                .run(given.rdd(), plan.withSamples(null), new ReadEpoch(given.reader()), (attempt, report) -> {});
        return new Result(worst(measured, 0), worst(measured, 1), worst(measured, 2));
    }

    private static double worst(List<double[]> measured, int index) {
        return measured.stream().mapToDouble(ofTask -> ofTask[index]).max().orElseThrow();
    }

    /** Gives the numbers of a {@link Result}. */
    private record ReadEpoch(RowReader reader) implements MeshTask<TrainingPlan, double[]> {
        private static final long serialVersionUID = 1;

        @Override
        public double[] run(TrainingPlan plan, MeshTaskContext context) throws InterruptedException {
            int rank = context.taskIndex();
            try (SpoolBatches batches = (SpoolBatches)
                    reader.read(context.rows(), plan, List.of(rank)).training()) {
                double spooledAt = System.currentTimeMillis();
                context.allGather("rows are read");
                // First once for Java to compile it, and for the files to be in the page cache.
                double unused = seconds(batches, plan, rank);
                double shuffled = seconds(batches, plan, rank);
                return new double[] {spooledAt, shuffled, seconds(batches.inOrder(), plan, rank)};
            }
        }

        private static double seconds(SpoolBatches batches, TrainingPlan plan, int rank) {
            long start = System.nanoTime();
            for (long step = 0; step < plan.train().steps(); step++) {
                for (RankSamples.Range range : plan.rankSamples().of(rank)) {
                    batches.samples(step, range.first(), range.count());
                }
            }
            return (System.nanoTime() - start) / 1e9;
        }
    }
}
