package dev.tartan.spark.ml;

import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.apache.spark.Dependency;
import org.apache.spark.OneToOneDependency;
import org.apache.spark.Partition;
import org.apache.spark.SparkContext;
import org.apache.spark.TaskContext;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.catalyst.InternalRow;
import org.jspecify.annotations.Nullable;
import scala.collection.Iterator;
import scala.collection.JavaConverters;
import scala.collection.Seq;
import scala.reflect.ClassTag$;

/**
 * Rows of a frame whose physical plan is made when a job needs them. Made at once, an adaptive plan would run its
 * shuffles while the query around it is planned, for {@code explain} too.
 */
final class LazyRows extends RDD<InternalRow> {
    private static final long serialVersionUID = 1;

    private final transient Supplier<RDD<InternalRow>> plan;
    private @Nullable RDD<InternalRow> rows;

    LazyRows(SparkContext spark, Supplier<RDD<InternalRow>> plan) {
        super(spark, seq(List.of()), ClassTag$.MODULE$.apply(InternalRow.class));
        this.plan = plan;
    }

    private static Seq<Dependency<?>> seq(List<Dependency<?>> list) {
        return JavaConverters.asScalaBuffer(list).toSeq();
    }

    /** Called on the driver before tasks are sent, which then have the rows. */
    private synchronized RDD<InternalRow> rows() {
        RDD<InternalRow> made = rows;
        if (made == null) {
            made = Objects.requireNonNull(plan.get());
            rows = made;
        }
        return made;
    }

    @Override
    public Seq<Dependency<?>> getDependencies() {
        return seq(List.of(new OneToOneDependency<>(rows())));
    }

    @Override
    public Partition[] getPartitions() {
        return rows().partitions();
    }

    @Override
    public Iterator<InternalRow> compute(Partition split, TaskContext context) {
        return Objects.requireNonNull(rows, "rows").iterator(split, context);
    }
}
