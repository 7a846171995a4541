package dev.tartan.spark.runtime;

import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.Dependency;
import org.apache.spark.OneToOneDependency;
import org.apache.spark.Partition;
import org.apache.spark.SparkContext;
import org.apache.spark.TaskContext;
import org.apache.spark.rdd.RDD;
import org.jspecify.annotations.Nullable;
import scala.collection.Iterator;
import scala.collection.JavaConverters;
import scala.collection.Seq;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/**
 * One partition for each task of a mesh, with the rows of a given RDD or none, each preferably in an executor of its
 * own. Partitions travel by Java serialization, whatever serializer the session has.
 */
final class MeshPartitions extends RDD<Object> {
    private static final long serialVersionUID = 1;
    private static final ClassTag<Object> TAG = ClassTag$.MODULE$.apply(Object.class);

    private final transient @Nullable RDD<?> rows;
    private final transient List<ExecutorPlace> places;
    private final boolean hasRows;
    private final int numTasks;

    private MeshPartitions(
            SparkContext spark,
            Seq<Dependency<?>> parents,
            @Nullable RDD<?> rows,
            int numTasks,
            List<ExecutorPlace> places) {
        super(spark, parents, TAG);
        this.rows = rows;
        this.hasRows = rows != null;
        this.numTasks = numTasks;
        this.places = places;
    }

    private record Index(int index) implements Partition {
        private static final long serialVersionUID = 1;
    }

    /**
     * Makes the partitions.
     *
     * @param rows whose partition i becomes the input of task i; null for tasks without rows
     * @param places where the tasks should run, one each; empty where it does not matter
     */
    static MeshPartitions of(SparkContext spark, @Nullable RDD<?> rows, int numTasks, List<ExecutorPlace> places) {
        List<Dependency<?>> parents = rows == null ? List.of() : List.of(new OneToOneDependency<>(rows));
        return new MeshPartitions(
                spark, JavaConverters.asScalaBuffer(parents).toSeq(), rows, numTasks, List.copyOf(places));
    }

    @Override
    public Partition[] getPartitions() {
        return rows != null
                ? rows.partitions()
                : IntStream.range(0, numTasks).mapToObj(Index::new).toArray(Partition[]::new);
    }

    @Override
    public Seq<String> getPreferredLocations(Partition split) {
        List<String> preferred =
                places.isEmpty() ? List.of() : List.of(places.get(split.index()).preferred());
        return JavaConverters.asScalaBuffer(preferred).toSeq();
    }

    @Override
    public Iterator<Object> compute(Partition split, TaskContext context) {
        if (!hasRows) {
            return JavaConverters.asScalaIterator(Collections.emptyIterator());
        }
        RDD<Object> parent = firstParent(TAG);
        return parent.iterator(split, context);
    }
}
