package dev.tartan.spark.ml;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.sources.And;
import org.apache.spark.sql.sources.EqualTo;
import org.apache.spark.sql.sources.Filter;
import org.apache.spark.sql.sources.GreaterThan;
import org.apache.spark.sql.sources.GreaterThanOrEqual;
import org.apache.spark.sql.sources.In;
import org.apache.spark.sql.sources.IsNotNull;
import org.apache.spark.sql.sources.IsNull;
import org.apache.spark.sql.sources.LessThan;
import org.apache.spark.sql.sources.LessThanOrEqual;
import org.apache.spark.sql.sources.Or;
import org.apache.spark.sql.sources.StringStartsWith;
import org.jspecify.annotations.Nullable;

/**
 * Conditions of a query as conditions on the frame below a model, so that rows which they leave out are neither read
 * nor predicted. Spark checks all conditions once more, so those that have no form here are left to it.
 */
final class PushedFilters {
    private final Set<String> columns;

    /** Conditions on these columns alone. */
    PushedFilters(Set<String> columns) {
        this.columns = columns;
    }

    /** The conditions that have a form here. */
    List<Column> of(Filter[] filters) {
        List<Column> conditions = new ArrayList<>();
        for (Filter filter : filters) {
            Column condition = condition(filter);
            if (condition != null) {
                conditions.add(condition);
            }
        }
        return conditions;
    }

    private @Nullable Column condition(Filter filter) {
        if (!columns.containsAll(Arrays.asList(filter.references()))) {
            return null;
        }
        if (filter instanceof And and) {
            Column left = condition(and.left());
            Column right = condition(and.right());
            return left == null ? right : right == null ? left : left.and(right);
        }
        if (filter instanceof Or or) {
            Column left = condition(or.left());
            Column right = condition(or.right());
            return left == null || right == null ? null : left.or(right);
        }
        if (filter instanceof EqualTo equal) {
            return column(equal.attribute()).equalTo(equal.value());
        }
        if (filter instanceof GreaterThan greater) {
            return column(greater.attribute()).gt(greater.value());
        }
        if (filter instanceof GreaterThanOrEqual greater) {
            return column(greater.attribute()).geq(greater.value());
        }
        if (filter instanceof LessThan less) {
            return column(less.attribute()).lt(less.value());
        }
        if (filter instanceof LessThanOrEqual less) {
            return column(less.attribute()).leq(less.value());
        }
        if (filter instanceof In in) {
            return column(in.attribute()).isin(in.values());
        }
        if (filter instanceof IsNull isNull) {
            return column(isNull.attribute()).isNull();
        }
        if (filter instanceof IsNotNull isNotNull) {
            return column(isNotNull.attribute()).isNotNull();
        }
        return filter instanceof StringStartsWith starts
                ? column(starts.attribute()).startsWith(starts.value())
                : null;
    }

    private static Column column(String name) {
        return functions.col("`" + name + "`");
    }
}
