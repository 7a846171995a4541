package dev.tartan.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.checkpoint.SafetensorsReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Bytes of a text as tokens of a network with more tokens than there are bytes. */
class TextVocabularyTest {
    @TempDir
    Path folder;

    @BeforeEach
    void writeTokens() throws IOException {
        SmallRun.tokens(folder);
        Files.writeString(folder.resolve("text.txt"), "tartan\n".repeat(50));
    }

    @Test
    void bytesAreNotFedToTheVocabularyOfATokenizer() throws Exception {
        SmallRun.train(folder, "batches", 1, 1, "network.vocab=300");
        Path from = folder.resolve("batches").resolve(MeshTrainer.FINAL_FILE);
        String expected =
                "data.kind=text feeds bytes as tokens 0 to 255, but init.from has the vocabulary of a tokenizer:"
                        + " network.vocab=300, init.from=" + from;
        assertThatThrownBy(() -> HuggingFaceRun.check(job(300, "init.from=" + from)))
                .hasMessageStartingWith(expected)
                .hasMessageContaining("Give the tokenizer's tokens with data.kind=batches");
        assertThatThrownBy(() -> HuggingFaceRun.train(job(300, "init.from=" + from)))
                .hasMessageStartingWith(expected);
    }

    @Test
    void fileOfARunOnTextSaysThatItsTokensAreBytes() throws Exception {
        TrainingJob first = job(300, "output.dir=" + folder.resolve("first"));
        assertThat(first.compile(new Nd4jBackend(1)).notes())
                .containsExactly("tokens 256 and above never occur in bytes of text: network.vocab=300, data.kind=text."
                        + " Set network.vocab=256, or give tokens of your own with data.kind=batches.");
        HuggingFaceRun.train(first);
        Path from = folder.resolve("first").resolve(MeshTrainer.FINAL_FILE);
        try (SafetensorsReader file = SafetensorsReader.open(from)) {
            assertThat(file.metadata()).containsEntry("tokens", "bytes").containsEntry("format", "pt");
        }
        TrainingJob next = job(300, "init.from=" + from);
        assertThat(next.compile(new Nd4jBackend(1)).notes()).isEmpty();
        assertThat(HuggingFaceRun.check(next)).hasSize(1);
    }

    @Test
    void vocabularyOfBytesNeedsNoWord() throws Exception {
        assertThat(job(256).compile(new Nd4jBackend(1)).notes()).isEmpty();
        SmallRun.train(folder, "batches", 1, 1, "network.vocab=256");
        Path from = folder.resolve("batches").resolve(MeshTrainer.FINAL_FILE);
        assertThat(HuggingFaceRun.check(job(256, "init.from=" + from))).hasSize(1);
    }

    private TrainingJob job(int vocab, String... overrides) throws IOException {
        Files.createDirectories(folder.resolve("first"));
        List<String> keys = new ArrayList<>(List.of(
                "network.vocab=" + vocab,
                "data={kind=text, path=" + folder.resolve("text.txt") + "}",
                "train.steps=1"));
        keys.addAll(List.of(overrides));
        return TrainingJob.of(SmallRun.config(folder, "text", 1, 1, keys.toArray(String[]::new)));
    }
}
