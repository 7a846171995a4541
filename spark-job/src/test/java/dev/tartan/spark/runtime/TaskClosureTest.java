package dev.tartan.spark.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import $line7.$read$$iw;
import java.io.Serializable;
import java.util.function.Supplier;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;

class TaskClosureTest {
    /** What a user's factory is to Tartan. */
    @FunctionalInterface
    interface Factory extends Supplier<Object>, Serializable {}

    /** Holds a user's factory, as a training task does. */
    static final class Making implements MeshTask<Integer, Object> {
        private final Factory factory;

        Making(Factory factory) {
            this.factory = factory;
        }

        @Override
        public Object run(Integer input, MeshTaskContext context) {
            return factory.get();
        }
    }

    /** A factory with a lock that cannot travel. */
    static final class Locked implements Factory {
        private static final long serialVersionUID = 1;

        @SuppressWarnings("unused")
        private final Object lock = new Object();

        @Override
        public Object get() {
            return 1;
        }
    }

    private static Object made(MeshTask<Integer, Object> task) throws Exception {
        @SuppressWarnings("unchecked")
        MeshTask<Integer, Object> arrived =
                (MeshTask<Integer, Object>) TaskClosure.of(task).task();
        return arrived.run(0, null);
    }

    @Test
    void lambdasTravelWithWhatTheyCapture() throws Exception {
        int width = 64;
        assertThat(made(new Making(() -> "net " + width))).isEqualTo("net 64");
    }

    @Test
    void whatCannotTravelIsNamedWithTheWayToIt() {
        assertThatThrownBy(() -> TaskClosure.of(new Making(new Locked())))
                .isExactlyInstanceOf(IllegalArgumentException.class)
                .hasMessage("task cannot be sent to executors, for something in it is not serializable:"
                        + " class=java.lang.Object, fields=" + Making.class.getName() + ".factory > "
                        + Locked.class.getName() + ".lock. Make the field transient, or its class implement"
                        + " java.io.Serializable, or make the object where it is used.");
        Object local = new Object();
        assertThatThrownBy(() -> TaskClosure.of(new Making(() -> local)))
                .hasMessageContaining("class=java.lang.Object, fields=" + Making.class.getName() + ".factory > ")
                .hasMessageContaining("java.lang.invoke.SerializedLambda.capturedArgs");
    }

    @Test
    void aNotebooksLineTravelsWithoutWhatCannot() throws Exception {
        try (SparkSession session = SparkSession.builder()
                .master("local[1]")
                .config("spark.ui.enabled", "false")
                .getOrCreate()) {
            $read$$iw line = new $read$$iw(session.sparkContext(), session.range(3), 64);
            TaskClosure closure = TaskClosure.of(new Making(line.factory()::get));
            assertThat(closure.leftOut())
                    .containsExactly(
                            "df: org.apache.spark.sql.Dataset",
                            "lock: java.lang.Object",
                            "sc2: org.apache.spark.SparkContext");
            assertThat(made(new Making(line.factory()::get))).hasToString("Net of 64 in a line with null, null, [64]");
            assertThat(line.factory().get().toString()).contains("SparkContext", "[id: bigint]");
        }
    }

    /** Without its line before it, Java would put its serialized form into the line's field. */
    @Test
    void aLambdaThatItsOwnLineHoldsTravels() throws Exception {
        $read$$iw line = new $read$$iw(null, null, 64);
        assertThat(made(new Making(line.held()::get))).hasToString("Net of 64 in a line with null, null, [64]");
    }

    @Test
    void onlyLinesOfNotebooksAreCleaned() {
        assertThat(NotebookLines.isLine("$line14.$read$$iw$$iw")).isTrue();
        assertThat(NotebookLines.isLine("$line14.$read$$iw$$iw$Net")).isFalse();
        assertThat(NotebookLines.isLine("ammonite.$sess.cmd3$Helper")).isTrue();
        assertThat(NotebookLines.isLine("com.acme.Net")).isFalse();
    }
}
