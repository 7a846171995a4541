package $line7;

import java.io.Serializable;
import java.util.List;
import java.util.function.Supplier;
import org.apache.spark.SparkContext;
import org.apache.spark.sql.Dataset;

/** What Scala's REPL makes of a paragraph: its values are fields, its classes are inner, its lambdas hold it. */
@SuppressWarnings({"checkstyle", "TypeName", "ClassCanBeStatic"})
public final class $read$$iw implements Serializable {
    private static final long serialVersionUID = 1;

    private final SparkContext sc2;
    private final Dataset<Long> df;
    private final Object lock = new Object();
    private final List<Object> sizes;
    private final $read$$iw self;
    private final Factory held;

    /** The paragraph's values. */
    public $read$$iw(SparkContext sc2, Dataset<Long> df, int width) {
        this.sc2 = sc2;
        this.df = df;
        this.sizes = List.of(width);
        this.self = this;
        this.held = factory();
    }

    /** A lambda of a serializable interface. */
    public interface Factory extends Supplier<Object>, Serializable {}

    /** The paragraph's factory. */
    public Factory factory() {
        return () -> new Net((Integer) self.sizes.get(0));
    }

    /** The same, of a {@code val} in the paragraph. */
    public Factory held() {
        return held;
    }

    /** The paragraph's class. */
    final class Net {
        private final int width;

        Net(int width) {
            this.width = width;
        }

        @Override
        public String toString() {
            return "Net of " + width + " in a line with " + sc2 + ", " + df + ", " + sizes + (lock == null ? "" : "!");
        }
    }
}
