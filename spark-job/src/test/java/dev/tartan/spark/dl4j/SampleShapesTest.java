package dev.tartan.spark.dl4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.api.MultiDataSet;
import org.nd4j.linalg.factory.Nd4j;

class SampleShapesTest {
    private static MultiDataSet set(INDArray x, INDArray y, INDArray xMask, INDArray yMask) {
        return new DataSet(x, y, xMask, yMask).toMultiDataSet();
    }

    private static SampleShapes all(MultiDataSet... sets) {
        SampleShapes all = SampleShapes.of(sets[0], 0, 0);
        for (int i = 1; i < sets.length; i++) {
            all = all.and(SampleShapes.of(sets[i], 1, i));
        }
        return all;
    }

    private static List<float[][]> rows(MultiDataSet... sets) {
        List<float[][]> rows = new ArrayList<>();
        new DataSetRows(0, List.of(sets).iterator(), all(sets)).forEachRemaining(rows::add);
        return rows;
    }

    @Test
    void shorterSequencesAreFilledUpAndMasked() {
        // [examples, features, steps]
        MultiDataSet two = set(
                Nd4j.createFromArray(new float[][][] {{{1, 2}, {3, 4}}}),
                Nd4j.createFromArray(new float[][][] {{{5, 6}}}),
                null,
                null);
        MultiDataSet three = set(
                Nd4j.createFromArray(new float[][][] {{{1, 2, 3}, {4, 5, 6}}}),
                Nd4j.createFromArray(new float[][][] {{{7, 8, 9}}}),
                null,
                Nd4j.createFromArray(new float[][] {{1, 0, 1}}));
        List<float[][]> rows = rows(two, three);
        assertThat(rows.get(0)[0]).containsExactly(1, 2, 0, 3, 4, 0);
        assertThat(rows.get(0)[1]).containsExactly(5, 6, 0);
        assertThat(rows.get(0)[2]).containsExactly(1, 1, 0);
        assertThat(rows.get(0)[3]).containsExactly(1, 1, 0);
        assertThat(rows.get(1)[0]).containsExactly(1, 2, 3, 4, 5, 6);
        assertThat(rows.get(1)[2]).containsExactly(1, 1, 1);
        assertThat(rows.get(1)[3]).containsExactly(1, 0, 1);
    }

    @Test
    void masksOfSomeAreOnesForOthers() {
        MultiDataSet plain = set(Nd4j.ones(2, 3), Nd4j.ones(2, 1), null, null);
        MultiDataSet masked =
                set(Nd4j.ones(2, 3), Nd4j.ones(2, 1), null, Nd4j.createFromArray(new float[][] {{0}, {1}}));
        List<float[][]> rows = rows(plain, masked);
        assertThat(rows.stream().map(row -> row[2][0])).containsExactly(1f, 1f, 0f, 1f);
        assertThat(rows.get(0)).hasNumberOfRows(3);
    }

    @Test
    void viewsAndOtherTypesAreReadInRowMajorOrder() {
        INDArray x =
                Nd4j.createFromArray(new double[][] {{1, 4}, {2, 5}, {3, 6}}).transpose();
        List<float[][]> rows = rows(set(x, Nd4j.ones(2), null, null));
        assertThat(rows.get(0)[0]).containsExactly(1, 2, 3);
        assertThat(rows.get(1)[0]).containsExactly(4, 5, 6);
        assertThat(rows.get(1)[1]).containsExactly(1);
    }

    @Test
    void anotherShapeIsNamedWithItsPlace() {
        MultiDataSet three = set(Nd4j.ones(2, 3), Nd4j.ones(2, 1), null, null);
        MultiDataSet four = set(Nd4j.ones(2, 4), Nd4j.ones(2, 1), null, null);
        assertThatThrownBy(() -> all(three, three, four).check())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("DataSet has examples of another shape than the first: partition=1, record=2,"
                        + " array=features[0], shape=[4], first=[3]. Give DataSets whose examples have one shape; only"
                        + " sequences may differ in length.");
        MultiDataSet labels = set(Nd4j.ones(2, 3), Nd4j.ones(2, 2), null, null);
        assertThatThrownBy(() -> all(three, labels).check())
                .hasMessageContaining("array=labels[0], shape=[2], first=[1]");
    }

    @Test
    void labelsAreNeededForEachExample() {
        assertThatThrownBy(() -> all(set(Nd4j.ones(2, 3), null, null, null)).check())
                .hasMessage("DataSet has no labels: partition=0, record=0. Give DataSets to train on.");
        assertThatThrownBy(() ->
                        all(set(Nd4j.ones(2, 3), Nd4j.ones(3, 1), null, null)).check())
                .hasMessage("DataSet has another number of labels than of examples: partition=0, record=0, examples=2,"
                        + " labels=3. Give labels for each example.");
    }

    @Test
    void masksOfAnotherShapeAreRefused() {
        INDArray x = Nd4j.ones(1, 2, 3);
        MultiDataSet wrong = set(x, Nd4j.ones(1, 1, 3), Nd4j.ones(1, 2), null);
        assertThatThrownBy(() -> rows(wrong))
                .hasMessage("mask of a DataSet has another shape than its array: partition=0, record=0, array=0,"
                        + " mask=[1, 2], array shape=[1, 2, 3]. Give a number for each step.");
    }
}
