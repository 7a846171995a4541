package dev.tartan.spark.ml;

import dev.tartan.network.BatchField;
import dev.tartan.network.Network;
import dev.tartan.spark.dataset.InputColumns;
import dev.tartan.train.InferencePlan;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.spark.SparkContext;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SQLContext;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.sources.BaseRelation;
import org.apache.spark.sql.sources.Filter;
import org.apache.spark.sql.sources.PrunedFilteredScan;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import scala.math.BigInt;

/**
 * A frame with the columns of a model appended, as a relation that Spark's planner asks for just the columns that a
 * query needs: the frame below is pruned to these and to the inputs of the outputs among them, and where no output is
 * needed the network is not run; conditions on the frame's own columns go below too. A function over partitions of
 * whole rows would read every column, and one over single rows could not batch. Nothing runs before a query does.
 *
 * <p>Columns have names of their own in the relation, so that the frame may have several of one name.
 */
final class PredictedRelation extends BaseRelation implements PrunedFilteredScan {
    private static final String FRAME = "c";
    private static final String APPENDED = "p";

    private final TrainedNetwork trained;
    private final Dataset<Row> frame;
    private final Map<String, String> columns;
    private final OutputColumns appended;
    private final int batchSize;
    private final boolean keepsInvalid;
    private final StructType schema;

    private PredictedRelation(
            TrainedNetwork trained,
            Dataset<Row> frame,
            Map<String, String> columns,
            OutputColumns appended,
            int batchSize,
            boolean keepsInvalid) {
        this.trained = trained;
        this.frame = frame;
        this.columns = columns;
        this.appended = appended;
        this.batchSize = batchSize;
        this.keepsInvalid = keepsInvalid;
        List<StructField> fields = new ArrayList<>();
        for (StructField field : frame.schema().fields()) {
            fields.add(renamed(field, FRAME + fields.size()));
        }
        for (int i = 0; i < appended.fields().size(); i++) {
            fields.add(renamed(appended.fields().get(i), APPENDED + i));
        }
        this.schema = new StructType(fields.toArray(new StructField[0]));
    }

    private static StructField renamed(StructField field, String name) {
        return new StructField(name, field.dataType(), field.nullable(), field.metadata());
    }

    /**
     * A frame with columns appended.
     *
     * @param columns of the frame, by field of the network
     * @param keepsInvalid whether rows with null, or numbers that are not finite, are predicted as NaN; else they fail
     *     the query
     * @throws IllegalArgumentException naming all fields and columns that do not go together
     */
    static Dataset<Row> append(
            TrainedNetwork trained,
            Dataset<?> frame,
            Map<String, String> columns,
            OutputColumns appended,
            int batchSize,
            boolean keepsInvalid) {
        if (frame.isStreaming()) {
            throw new IllegalArgumentException("frame is a stream, which the model cannot be applied to: columns="
                    + Arrays.toString(frame.columns()) + ". Apply it to the frames of foreachBatch.");
        }
        Dataset<Row> rows = frame.toDF();
        if (appended.fields().isEmpty()) {
            return rows;
        }
        PredictedRelation relation = new PredictedRelation(trained, rows, columns, appended, batchSize, keepsInvalid);
        Set<String> outputs = new LinkedHashSet<>();
        for (int i = 0; i < appended.fields().size(); i++) {
            outputs.add(appended.output(i));
        }
        relation.inputs(outputs);
        List<String> names = new ArrayList<>(List.of(frame.columns()));
        appended.fields().forEach(field -> names.add(field.name()));
        return frame.sparkSession().baseRelationToDataFrame(relation).toDF(names.toArray(new String[0]));
    }

    /** The columns of the fields that outputs use. */
    private InputColumns inputs(Set<String> outputs) {
        Network network = trained.source().factory().create();
        List<BatchField> fields =
                InferencePlan.signature(network, outputs, trained.optional()).fields();
        return InputColumns.resolve(frame, network, fields, columns);
    }

    @Override
    public SQLContext sqlContext() {
        return frame.sqlContext();
    }

    @Override
    public StructType schema() {
        return schema;
    }

    @Override
    public long sizeInBytes() {
        BigInt bytes = frame.queryExecution().optimizedPlan().stats().sizeInBytes();
        return bytes.isValidLong() ? bytes.longValue() : Long.MAX_VALUE;
    }

    @Override
    public boolean needConversion() {
        return false;
    }

    /** Spark takes the rows as what they are, since they need no conversion. */
    @Override
    @SuppressWarnings({"unchecked", "rawtypes"})
    public RDD<Row> buildScan(String[] required, Filter[] filters) {
        return (RDD) scan(List.of(required), filters);
    }

    private RDD<InternalRow> scan(List<String> required, Filter[] filters) {
        List<String> names = List.of(schema.fieldNames()).subList(0, frame.columns().length);
        Dataset<Row> named = frame.toDF(names.toArray(new String[0]));
        for (Column condition : new PushedFilters(Set.copyOf(names)).of(filters)) {
            named = named.filter(condition);
        }
        List<Integer> wanted = new ArrayList<>();
        Set<String> outputs = new LinkedHashSet<>();
        for (String name : required) {
            if (name.startsWith(APPENDED)) {
                int column = Integer.parseInt(name.substring(APPENDED.length()));
                wanted.add(column);
                outputs.add(appended.output(column));
            }
        }
        List<Column> selected = new ArrayList<>();
        if (!outputs.isEmpty()) {
            List<String> known = List.of(frame.columns());
            for (String input : inputs(outputs).columns()) {
                selected.add(functions.col(FRAME + known.indexOf(input)));
            }
        }
        int numInputs = selected.size();
        Map<String, Integer> ordinals = new LinkedHashMap<>();
        for (String name : required) {
            if (name.startsWith(FRAME)) {
                ordinals.put(name, selected.size());
                selected.add(functions.col(name));
            }
        }
        Dataset<Row> pruned = named.select(selected.toArray(new Column[0]));
        SparkContext spark = frame.sparkSession().sparkContext();
        if (outputs.isEmpty()) {
            return new LazyRows(spark, () -> pruned.queryExecution().toRdd());
        }
        boolean keepsRows = selected.size() > numInputs;
        for (int i = 0; i < wanted.size(); i++) {
            ordinals.put(APPENDED + wanted.get(i), (keepsRows ? selected.size() : 0) + i);
        }
        JoinedColumns joined = new JoinedColumns(
                required.stream().map(schema::apply).map(StructField::dataType).toList(),
                required.stream().map(name -> ordinals.getOrDefault(name, -1)).toList());
        return new LazyRows(spark, () -> {
            PredictPartition predict = new PredictPartition(
                    trained.shippedBy(spark, outputs),
                    inputs(outputs),
                    appended,
                    new ArrayList<>(wanted),
                    keepsRows,
                    joined,
                    batchSize,
                    keepsInvalid);
            return pruned.queryExecution()
                    .toRdd()
                    .toJavaRDD()
                    .mapPartitions(predict, true)
                    .rdd();
        });
    }
}
