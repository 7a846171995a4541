package dev.tartan.spark.dataset;

import java.io.Serializable;
import java.util.Map;
import org.apache.spark.sql.catalyst.expressions.SpecializedGetters;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.DecimalType;
import org.jspecify.annotations.Nullable;

/**
 * A numeric type of Spark's, and how its values are read from rows and arrays.
 *
 * @param precision of decimals, else 0
 * @param scale of decimals, else 0
 */
record NumberType(Kind kind, int precision, int scale) implements Serializable {
    private static final long serialVersionUID = 1;
    private static final Map<DataType, Kind> KINDS = Map.of(
            DataTypes.BooleanType, Kind.BOOLEAN,
            DataTypes.ByteType, Kind.BYTE,
            DataTypes.ShortType, Kind.SHORT,
            DataTypes.IntegerType, Kind.INT,
            DataTypes.LongType, Kind.LONG,
            DataTypes.FloatType, Kind.FLOAT,
            DataTypes.DoubleType, Kind.DOUBLE);

    enum Kind {
        BOOLEAN,
        BYTE,
        SHORT,
        INT,
        LONG,
        FLOAT,
        DOUBLE,
        DECIMAL
    }

    /** The type; null if it is no number. */
    static @Nullable NumberType of(DataType type) {
        if (type instanceof DecimalType decimal) {
            return new NumberType(Kind.DECIMAL, decimal.precision(), decimal.scale());
        }
        Kind kind = KINDS.get(type);
        return kind == null ? null : new NumberType(kind, 0, 0);
    }

    /** Whether all values are whole numbers. */
    boolean isWhole() {
        return kind.ordinal() <= Kind.LONG.ordinal();
    }

    /** A whole number. */
    long getLong(SpecializedGetters from, int ordinal) {
        return switch (kind) {
            case BOOLEAN -> from.getBoolean(ordinal) ? 1 : 0;
            case BYTE -> from.getByte(ordinal);
            case SHORT -> from.getShort(ordinal);
            case INT -> from.getInt(ordinal);
            case LONG -> from.getLong(ordinal);
            default -> throw new IllegalStateException("type has fractions: type=" + this);
        };
    }

    /** Any number. */
    double getDouble(SpecializedGetters from, int ordinal) {
        return switch (kind) {
            case FLOAT -> from.getFloat(ordinal);
            case DOUBLE -> from.getDouble(ordinal);
            case DECIMAL -> from.getDecimal(ordinal, precision, scale).toDouble();
            default -> getLong(from, ordinal);
        };
    }
}
