package dev.tartan.spark.dataset;

import java.io.Serializable;
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
 * As many partitions as wanted, each of one value that is made with a {@link ChunkReader}: which partitions of the
 * shuffle a task reads is its own affair, so that it may depend on where the task runs. A barrier stage allows that,
 * since the shuffle is its direct parent.
 */
final class ShuffledChunks<T> extends RDD<T> {
    private static final long serialVersionUID = 1;

    private final ShuffleHandle handle;
    private final int numTasks;
    private final Use<T> use;

    /** What a task makes of the chunks. */
    @FunctionalInterface
    interface Use<T> extends Serializable {
        T of(ChunkReader reader);
    }

    private record Index(int index) implements Partition {
        private static final long serialVersionUID = 1;
    }

    ShuffledChunks(
            SparkContext spark,
            ShuffleDependency<Integer, byte[], byte[]> shuffle,
            int numTasks,
            Use<T> use,
            ClassTag<T> tag) {
        super(
                spark,
                JavaConverters.asScalaBuffer(List.<Dependency<?>>of(shuffle)).toSeq(),
                tag);
        this.handle = shuffle.shuffleHandle();
        this.numTasks = numTasks;
        this.use = use;
    }

    @Override
    public Partition[] getPartitions() {
        return IntStream.range(0, numTasks).mapToObj(Index::new).toArray(Partition[]::new);
    }

    @Override
    public Iterator<T> compute(Partition split, TaskContext context) {
        return Iterator$.MODULE$.single(use.of(new ChunkReader(handle, context)));
    }
}
