package dev.tartan.spark.ml;

import dev.tartan.train.data.HostTensor;
import java.io.Serializable;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.types.StructField;

/** The columns that a model appends, made of the outputs of its network. */
interface OutputColumns extends Serializable {
    /** The columns in their order. */
    List<StructField> fields();

    /** The network's output that a column is made of. */
    String output(int column);

    /**
     * A column's value as Spark keeps it.
     *
     * @param outputs by name, each {@code [batch, ...]}
     * @param row of the batch
     */
    Object value(int column, Map<String, HostTensor> outputs, int row);
}
