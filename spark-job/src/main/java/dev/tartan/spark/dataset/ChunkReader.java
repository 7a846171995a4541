package dev.tartan.spark.dataset;

import java.util.Iterator;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskContext;
import org.apache.spark.executor.TempShuffleReadMetrics;
import org.apache.spark.shuffle.ShuffleHandle;
import scala.Product2;
import scala.collection.JavaConverters;

/** Reads chunks of any partitions of a shuffle, on the thread that runs the task. */
final class ChunkReader {
    private final ShuffleHandle handle;
    private final TaskContext context;

    ChunkReader(ShuffleHandle handle, TaskContext context) {
        this.handle = handle;
        this.context = context;
    }

    /** The chunks of partitions {@code from} to {@code to - 1}, each once, in no order. */
    Iterator<byte[]> chunks(int from, int to) {
        TempShuffleReadMetrics metrics = context.taskMetrics().createTempShuffleReadMetrics();
        Iterator<Product2<Integer, byte[]>> pairs = JavaConverters.asJavaIterator(SparkEnv.get()
                .shuffleManager()
                .<Integer, byte[]>getReader(handle, from, to, context, metrics)
                .read());
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                boolean more = pairs.hasNext();
                if (!more) {
                    context.taskMetrics().mergeShuffleReadMetrics();
                }
                return more;
            }

            @Override
            public byte[] next() {
                return pairs.next()._2();
            }
        };
    }
}
