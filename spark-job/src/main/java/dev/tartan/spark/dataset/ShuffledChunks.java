package dev.tartan.spark.dataset;

import java.io.Serializable;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.Dependency;
import org.apache.spark.Partition;
import org.apache.spark.ShuffleDependency;
import org.apache.spark.SparkContext;
import org.apache.spark.TaskContext;
import org.apache.spark.rdd.RDD;
import org.apache.spark.shuffle.ShuffleHandle;
import scala.collection.Iterator;
import scala.collection.Iterator$;
import scala.collection.JavaConverters;
import scala.reflect.ClassTag;

/**
 * As many partitions as wanted, each of one value that is made with a {@link ChunkReader} of each shuffle: which
 * partitions of them a task reads is its own affair, so that it may depend on where the task runs. A barrier stage
 * allows that, since the shuffles are its direct parents.
 */
final class ShuffledChunks<T> extends RDD<T> {
    private static final long serialVersionUID = 1;

    private final ShuffleHandle[] handles;
    private final int numTasks;
    private final Use<T> use;

    /** What a task makes of the chunks. */
    @FunctionalInterface
    interface Use<T> extends Serializable {
        T of(ChunkReader[] readers);
    }

    private record Index(int index) implements Partition {
        private static final long serialVersionUID = 1;
    }

    ShuffledChunks(
            SparkContext spark,
            List<ShuffleDependency<Integer, byte[], byte[]>> shuffles,
            int numTasks,
            Use<T> use,
            ClassTag<T> tag) {
        super(
                spark,
                JavaConverters.asScalaBuffer(List.<Dependency<?>>copyOf(shuffles))
                        .toSeq(),
                tag);
        this.handles = shuffles.stream().map(ShuffleDependency::shuffleHandle).toArray(ShuffleHandle[]::new);
        this.numTasks = numTasks;
        this.use = use;
    }

    @Override
    public Partition[] getPartitions() {
        return IntStream.range(0, numTasks).mapToObj(Index::new).toArray(Partition[]::new);
    }

    @Override
    public Iterator<T> compute(Partition split, TaskContext context) {
        ChunkReader[] readers = Arrays.stream(handles)
                .map(handle -> new ChunkReader(handle, context))
                .toArray(ChunkReader[]::new);
        return Iterator$.MODULE$.single(use.of(readers));
    }
}
