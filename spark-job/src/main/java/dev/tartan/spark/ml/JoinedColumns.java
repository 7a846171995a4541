package dev.tartan.spark.ml;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.catalyst.expressions.BoundReference;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.UnsafeProjection;
import org.apache.spark.sql.types.DataType;
import scala.collection.JavaConverters;

/**
 * Which columns of a row of the frame, joined with the values of the outputs, a query wants.
 *
 * @param types of what is wanted, in order
 * @param ordinals in the joined row
 */
record JoinedColumns(List<DataType> types, List<Integer> ordinals) implements Serializable {
    private static final long serialVersionUID = 1;

    JoinedColumns {
        types = new ArrayList<>(types);
        ordinals = new ArrayList<>(ordinals);
    }

    /** Makes what picks them. */
    UnsafeProjection projection() {
        List<Expression> picked = new ArrayList<>();
        for (int i = 0; i < types.size(); i++) {
            picked.add(new BoundReference(ordinals.get(i), types.get(i), true));
        }
        return UnsafeProjection.create(JavaConverters.asScalaBuffer(picked).toSeq());
    }
}
