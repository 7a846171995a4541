package dev.tartan.spark.dataset;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.spark.Tartan;
import dev.tartan.train.TrainingJob;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FrameRefusalsTest {
    private static final TrainingJob JOB =
            TrainingJob.of(() -> new LinearRegression(2)).globalBatch(4).epochs(1);

    private static SparkSession session;

    @BeforeAll
    static void start() {
        session = SparkSession.builder()
                .master("local[2]")
                .appName("refusals test")
                .config("spark.ui.enabled", "false")
                .config("spark.driver.host", "127.0.0.1")
                .getOrCreate();
    }

    @AfterAll
    static void stop() {
        session.stop();
    }

    /** Row 2 of 4 is as told, the others are fine. */
    private static Dataset<Row> frame(String x, String y, String group, String w) {
        return session.range(0, 4, 1, 1)
                .selectExpr(
                        "if(id = 2, " + x + ", array(1D, 2D)) x",
                        "if(id = 2, " + y + ", 1D) y",
                        "if(id = 2, " + group + ", 1D) group",
                        "if(id = 2, " + w + ", 1D) w");
    }

    private static void train(Dataset<Row> frame) {
        Tartan.train(
                session,
                JOB,
                Samples.of(frame)
                        .field("x", "x")
                        .field("y", "y")
                        .field("group", "group")
                        .weight("w"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "null | 1D | 1D | 1D | column='x', field='x' is null: value=null. Fill it, or drop the row.",
                "array(1D, null) | 1D | 1D | 1D | column='x', field='x' is null: element=1, value=null.",
                "array(1D, double('NaN')) | 1D | 1D | 1D | 'x' is no finite number: element=1, value=NaN.",
                "array(1e300, 1D) | 1D | 1D | 1D | 'x' is too large for float32: element=0, value=1.0E300.",
                "array(1D) | 1D | 1D | 1D | 'x' has an array of another length: element=0, value=1 elements. The"
                        + " network takes 2.",
                "array(1D, 2D, 3D) | 1D | 1D | 1D | 'x' has an array of another length: element=0, value=3 elements.",
                "array(1D, 1D) | double('Infinity') | 1D | 1D | 'y' is no finite number: value=Infinity.",
                "array(1D, 1D) | null | 1D | 1D | column='y', field='y' is null",
                "array(1D, 1D) | 1D | 5D | 1D | 'group' is out of range: value=5. Give values from 0 to 4, or -100",
                "array(1D, 1D) | 1D | -1D | 1D | 'group' is out of range: value=-1.",
                "array(1D, 1D) | 1D | 0.5D | 1D | 'group' is no whole number: value=0.5.",
                "array(1D, 1D) | 1D | double('NaN') | 1D | 'group' is no whole number: value=NaN.",
                "array(1D, 1D) | 1D | 1e12 | 1D | 'group' is too large for int32: value=1.0E12.",
                "array(1D, 1D) | 1D | 1D | -1D | column='w', field='sample.weight' is negative: value=-1.0."
            })
    void aRowThatCannotBeUsedIsNamed(String x, String y, String group, String w, String message) {
        assertThatThrownBy(() -> train(frame(x, y, group, w)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("frame has rows that cannot be used: rows=1\n  partition=0, row=2: column='")
                .hasMessageContaining(message);
    }

    @Test
    void labelsToBeIgnoredAreAllowed() {
        train(frame("array(1D, 1D)", "1D", "-100D", "0D"));
    }

    @Test
    void longsOutOfRangeAreNamed() {
        Dataset<Row> frame =
                session.range(0, 4, 1, 1).selectExpr("array(1, 2) x", "1 y", "id * 3000000000 group", "1 w");
        assertThatThrownBy(() -> train(frame))
                .hasMessageStartingWith("frame has rows that cannot be used: rows=3\n")
                .hasMessageContaining("partition=0, row=1: column='group', field='group' is too large for int32:"
                        + " value=3000000000.");
    }

    @Test
    void allColumnsThatDoNotFitAreToldTogether() {
        Dataset<Row> frame = session.range(4).selectExpr("'text' x", "1.5 labels", "1 a", "2 a");
        assertThatThrownBy(() -> Tartan.train(
                        session,
                        JOB,
                        Samples.of(frame)
                                .field("x", "x")
                                .field("y", "label")
                                .field("gruop", "labels")
                                .field("group", "a")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("samples do not go with the network: network=LinearRegression, mistakes=4\n"
                        + "  column has a type that the field cannot take: column='x', field='x', type=string,"
                        + " wanted=FLOAT32 [2]. Give numbers or arrays of them, vectors, or bytes.\n"
                        + "  frame has no such column: column='label', field=y, columns=[x, labels, a, a]. Did you mean"
                        + " labels?\n"
                        + "  frame has several columns of a name: column='a', field=group, columns=[x, labels, a, a]."
                        + " Rename them.\n"
                        + "  network has no such field: field=gruop, fields=[x, y, group]. Did you mean group?");
        assertThatThrownBy(() -> Tartan.train(session, JOB, Samples.of(frame)))
                .hasMessageContaining("field has no column: field=x, sampleShape=[2]. Add .field(\"x\", COLUMN).")
                .hasMessageContaining("field has no column: field=y");
        assertThatThrownBy(() -> Samples.of(frame).field("x", "a").field("x", "b"))
                .hasMessage("field is filled twice: field=x, columns=[a, b]. Name one column for a field.");
    }

    @Test
    void anEmptyFrameIsRefused() {
        Dataset<Row> frame = session.range(0).selectExpr("array(1, 2) x", "1 y");
        assertThatThrownBy(() -> Tartan.train(
                        session, JOB, Samples.of(frame).field("x", "x").field("y", "y")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("frame is empty: rows=0, columns=[x, y]. Give a frame with rows.");
    }

    @Test
    void executorsThatDoNotDivideTheMeshAreRefused() {
        Dataset<Row> frame = session.range(4).selectExpr("array(1, 2) x", "1 y");
        assertThatThrownBy(() -> Tartan.train(session, JOB.mesh(2, 1), Samples.of(frame), 3))
                .hasMessageStartingWith("mesh cannot be spread over so many executors: executors=3, mesh.data=2");
    }
}
