package dev.tartan.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tartan.mesh.Shape;
import dev.tartan.train.SmallRun.Outcome;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What must not change training: repeating it, the mesh, and the number of micro-batches. */
class MeshTrainerTest {
    /** float32 sums in another order differ by some 1e-7 in a loss of 5. */
    private static final double LOSS_ROUNDING = 2e-6;

    /** AdamW divides a gradient by its own size, so rounding of one near zero shows at up to the learning rate. */
    private static final float WEIGHT_ROUNDING = 2e-4f;

    @TempDir
    Path folder;

    @BeforeEach
    void writeTokens() {
        SmallRun.tokens(folder);
    }

    @ParameterizedTest
    @CsvSource({"2, 2", "4, 1", "1, 4"})
    void sameRunTwiceIsBitwiseEqual(int data, int model) throws Exception {
        String[] keys = {"network.dropout=0.1", "train.microBatches=2"};
        Outcome first = SmallRun.train(folder, "first", data, model, keys);
        Outcome second = SmallRun.train(folder, "second", data, model, keys);

        assertThat(second.losses()).isEqualTo(first.losses());
        assertThat(second.gradNorms()).isEqualTo(first.gradNorms());
        assertThat(Files.mismatch(file("first"), file("second"))).isEqualTo(-1);
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "2, 2"})
    void microBatchesDoNotChangeTraining(int data, int model) throws Exception {
        Outcome whole = SmallRun.train(folder, "whole", data, model);
        Outcome parts = SmallRun.train(folder, "parts", data, model, "train.microBatches=4");
        assertSame(parts, whole);
    }

    @ParameterizedTest
    @CsvSource({"4, 1", "1, 4", "2, 2"})
    void dropoutMasksAreTheSameOnAnyMesh(int data, int model) throws Exception {
        Outcome alone = SmallRun.train(folder, "alone", 1, 1, "network.dropout=0.5");
        Outcome together = SmallRun.train(folder, "together", data, model, "network.dropout=0.5");
        assertSame(together, alone);
        Outcome without = SmallRun.train(folder, "without", 1, 1);
        assertThat(Math.abs(without.losses().get(0) - alone.losses().get(0))).isGreaterThan(1e-3);
    }

    @Test
    void vocabularyThatNoAxisDividesIsPaddedInvisibly() throws Exception {
        Outcome alone = SmallRun.train(folder, "alone", 1, 1);
        Outcome padded = SmallRun.train(folder, "padded", 1, 4);
        assertThat(padded.shapes()).containsEntry("wte.weight", Shape.shape(SmallRun.VOCAB, 32));
        assertSame(padded, alone);
    }

    @Test
    void headOfItsOwnIsTrainedToo() throws Exception {
        Outcome alone = SmallRun.train(folder, "alone", 1, 1, "network.tiedHead=false");
        Outcome split = SmallRun.train(folder, "split", 1, 4, "network.tiedHead=false");
        assertThat(split.shapes()).containsEntry("lm_head.weight", Shape.shape(SmallRun.VOCAB, 32));
        assertSame(split, alone);
    }

    @Test
    void trainedNetworkWritesTheTextItWasTrainedOn() throws Exception {
        Path text = Files.writeString(folder.resolve("text.txt"), "tartan\n".repeat(50));
        Outcome run = SmallRun.train(
                folder,
                "text",
                2,
                2,
                "network.vocab=256",
                "data.kind=text",
                "data.path=" + text,
                "train.steps=60",
                "optimizer.learningRate=1e-2");
        // After the first line, of which only the line feed before it is known.
        assertThat(run.sample()).contains("\ntartan\ntartan\ntartan\ntartan\n");
    }

    private Path file(String run) {
        return folder.resolve(run).resolve(MeshTrainer.FINAL_FILE);
    }

    private static void assertSame(Outcome actual, Outcome expected) {
        assertThat(actual.losses()).hasSameSizeAs(expected.losses());
        for (int step = 0; step < expected.losses().size(); step++) {
            double loss = expected.losses().get(step);
            assertThat(actual.losses().get(step))
                    .as("loss of step " + step)
                    .isCloseTo(loss, within(LOSS_ROUNDING * loss));
        }
        assertThat(actual.shapes()).isEqualTo(expected.shapes());
        for (String name : List.copyOf(expected.weights().keySet())) {
            assertThat(actual.weights().get(name))
                    .as(name)
                    .containsExactly(expected.weights().get(name), within(WEIGHT_ROUNDING));
        }
    }
}
