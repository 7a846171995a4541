package dev.tartan.train.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.checkpoint.SafetensorsWriter;
import dev.tartan.checkpoint.TensorDeclaration;
import dev.tartan.checkpoint.TensorSlice;
import dev.tartan.graph.DType;
import dev.tartan.mesh.Shape;
import dev.tartan.network.BatchField;
import dev.tartan.network.PresentFields;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SampleSetTest {
    private static final String WEIGHT = PresentFields.SAMPLE_WEIGHT.name();

    @TempDir
    Path folder;

    private static BatchSpec spec(BatchField... fields) {
        return new BatchSpec(List.of(fields), 4, 1, 0, null);
    }

    /** Batches of a size that is not the run's: 2 batches of 3 samples {@code 0 .. 5}. */
    private Path file() {
        Path path = folder.resolve("validation.safetensors");
        Shape shape = Shape.shape(2, 3);
        try (SafetensorsWriter writer =
                SafetensorsWriter.create(path, List.of(new TensorDeclaration("y", DType.INT32, shape)), Map.of())) {
            writer.writeInts("y", TensorSlice.whole(shape), new int[] {0, 1, 2, 3, 4, 5});
            writer.finish();
        }
        return path;
    }

    @Test
    void lastBatchIsFilledUpAtWeightZeroAndThenItBeginsAgain() {
        SampleSet set = new BatchFileSamples(file()).openAll(spec(BatchField.ints("y")));
        assertThat(set.numSamples()).isEqualTo(6);
        try (PaddedBatches batches = new PaddedBatches(set, 4)) {
            assertThat(batches.numBatches()).isEqualTo(2);
            HostBatch first = batches.samples(0, 0, 4);
            assertThat(first.tensor("y").ints()).containsExactly(0, 1, 2, 3);
            assertThat(first.tensor(WEIGHT).floats()).containsExactly(1, 1, 1, 1);
            HostBatch last = batches.samples(1, 0, 4);
            assertThat(last.tensor("y").ints()).containsExactly(4, 5, 5, 5);
            assertThat(last.tensor(WEIGHT).floats()).containsExactly(1, 1, 0, 0);
            HostBatch ofSecondRank = batches.samples(1, 2, 2);
            assertThat(ofSecondRank.tensor("y").ints()).containsExactly(5, 5);
            assertThat(ofSecondRank.tensor(WEIGHT).floats()).containsExactly(0, 0);
            assertThat(batches.samples(2, 0, 4).tensor("y").ints()).containsExactly(0, 1, 2, 3);
        }
    }

    @Test
    void batchFileThatDoesNotFitIsRefused() {
        assertThatThrownBy(() -> new BatchFileSamples(file()).openAll(spec(BatchField.floats("x", 2))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("batch file lacks a tensor: tensor=x");
    }

    @Test
    void textIsCutIntoSamplesThatPredictEachByteOnce() throws IOException {
        Path text = Files.writeString(folder.resolve("text.txt"), "abcdefgh");
        BatchField tokens = BatchField.ints(HostBatch.TOKENS, 4).below(256);
        try (SampleSet set = new TextSamples(text).openAll(spec(tokens))) {
            assertThat(set.numSamples()).isEqualTo(2);
            assertThat(set.samples(0, 2).tensor(HostBatch.TOKENS).ints())
                    .containsExactly('a', 'b', 'c', 'd', 'd', 'e', 'f', 'g');
            assertThat(set.samples(1, 1).tensor(HostBatch.TOKENS).ints()).containsExactly('d', 'e', 'f', 'g');
        }
    }
}
