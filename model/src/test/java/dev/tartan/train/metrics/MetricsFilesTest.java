package dev.tartan.train.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tartan.checkpoint.OutputException;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MetricsFilesTest {
    @TempDir
    Path folder;

    @Test
    void everyLineIsThereAsSoonAsItIsAppended() throws IOException {
        Path file = folder.resolve("out/metrics.jsonl");
        try (MetricsWriter writer = MetricsWriter.open(folder.resolve("out"))) {
            writer.append(new StepMetrics(0, 5.5, 1.25, 12.5, 20480));
            assertThat(file)
                    .hasContent("{\"step\":0,\"loss\":5.5,\"gradNorm\":1.25,\"stepMillis\":12.5,"
                            + "\"tokensPerSecond\":20480.0,\"flopsPerSecond\":null}\n");
            writer.append(new StepMetrics(1, Double.NaN, 1, 1, 1));
            writer.append(
                    new StepMetrics(2, 1, Double.POSITIVE_INFINITY, 1, 1, 2e9, 0.25, Map.of("accuracy", Double.NaN)));
            writer.append(new ValidationMetrics(2, Map.of("loss", Double.NEGATIVE_INFINITY)));
            assertThat(Files.readAllLines(file).subList(1, 4))
                    .containsExactly(
                            "{\"step\":1,\"loss\":null,\"gradNorm\":1.0,\"stepMillis\":1.0,\"tokensPerSecond\":1.0,"
                                    + "\"flopsPerSecond\":null}",
                            "{\"step\":2,\"loss\":1.0,\"gradNorm\":null,\"stepMillis\":1.0,\"tokensPerSecond\":1.0,"
                                    + "\"flopsPerSecond\":2.0E9,\"mfu\":0.25,\"reports\":{\"accuracy\":null}}",
                            "{\"step\":2,\"validation\":{\"loss\":null}}");
        }
    }

    @Test
    void summaryHasTheDocumentedKeysInOrder() throws IOException {
        Map<String, Integer> mesh = new LinkedHashMap<>();
        mesh.put("data", 2);
        mesh.put("model", 4);
        new RunSummary(
                        mesh,
                        1000,
                        40,
                        2.5,
                        10,
                        1e4,
                        2_000_000,
                        2e8,
                        0.5,
                        4096,
                        4095,
                        512,
                        0.25,
                        1.5,
                        6,
                        List.of(new CommunicationTotal("all-reduce", "model", 8, 1 << 20)),
                        3,
                        null)
                .write(folder);
        JsonNode json =
                new ObjectMapper().readTree(folder.resolve("summary.json").toFile());
        assertThat(json.toString())
                .isEqualTo("{\"mesh\":{\"data\":2,\"model\":4},\"parameters\":1000,\"steps\":40,\"finalLoss\":2.5,"
                        + "\"medianStepMillis\":10.0,\"tokensPerSecond\":10000.0,\"flopsPerStep\":2000000,"
                        + "\"flopsPerSecond\":2.0E8,\"mfu\":0.5,\"plannedPeakBytesPerDevice\":4096,"
                        + "\"measuredPeakBytesPerDevice\":4095,\"hostBytesPerDevice\":512,\"exposedDataMillis\":0.25,"
                        + "\"exposedCommunicationMillis\":1.5,"
                        + "\"totalCommunicationMillis\":6.0,\"communication\":[{\"op\":\"all-reduce\","
                        + "\"axis\":\"model\",\"count\":8,\"bytes\":1048576}],\"skippedSteps\":3}");
        assertThat(folder.toFile().list()).containsExactly("summary.json");
    }

    @Test
    void medianIsTheMiddleStep() {
        assertThat(RunSummary.medianStepMillis(millis(9, 1, 4))).isEqualTo(4);
        assertThat(RunSummary.medianStepMillis(millis(9, 1, 4, 6))).isEqualTo(5);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2, 40, 600})
    void chartIsAnImageOfTheLosses(int numSteps) throws IOException {
        LossChart.write(folder, "gpt, mesh data=2, model=2", curve(numSteps), List.of());
        BufferedImage image = image();
        assertThat(image.getWidth()).isEqualTo(1000);
        assertThat(image.getHeight()).isEqualTo(600);
        assertThat(numBluePixels(image)).isGreaterThanOrEqualTo(numSteps == 0 ? 0 : 20);
        assertThat(numRedPixels(image)).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 40, 600})
    void validationLossesAreALineOfTheirOwn(int numSteps) throws IOException {
        List<ValidationMetrics> validations = curve(numSteps).stream()
                .filter(step -> (step.step() + 1) % 20 == 0 || step.step() + 1 == numSteps)
                .map(step -> new ValidationMetrics(step.step(), Map.of("loss", step.loss() + 0.4)))
                .toList();
        LossChart.write(folder, "gpt, mesh data=2, model=2", curve(numSteps), validations);
        assertThat(numRedPixels(image())).isGreaterThanOrEqualTo(20);
        assertThat(numBluePixels(image())).isGreaterThanOrEqualTo(20);
    }

    @Test
    void lossesThatAreNoNumbersDoNotStopTheChart() throws IOException {
        List<StepMetrics> steps = new ArrayList<>(curve(60));
        steps.add(new StepMetrics(60, Double.NaN, 0, 1, 1));
        steps.add(new StepMetrics(61, Double.POSITIVE_INFINITY, 0, 1, 1));
        LossChart.write(folder, "diverged", steps, List.of(new ValidationMetrics(61, Map.of("loss", Double.NaN))));
        assertThat(folder.resolve("loss.png")).isNotEmptyFile();
    }

    @Test
    void smoothingKeepsTheBeginningAndAveragesUpToTheEnd() {
        assertThat(LossChart.smoothed(List.of(1.0, 5.0, 3.0, 4.0), 3)).containsExactly(1.0, 3.0, 4.0, 3.5);
    }

    @Test
    void folderThatIsAFileIsReportedByEveryWriter() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "x");
        String reason = ", reason=a file is in the place of a folder. Move the file or choose another output.dir.";
        assertThatThrownBy(() -> MetricsWriter.open(file))
                .isInstanceOf(OutputException.class)
                .hasMessage("output file cannot be written: path=" + file.resolve("metrics.jsonl") + reason);
        assertThatThrownBy(() -> LossChart.write(file, "t", curve(3), List.of()))
                .isInstanceOf(OutputException.class)
                .hasMessage("output file cannot be written: path=" + file.resolve("loss.png") + reason);
        RunSummary summary =
                new RunSummary(Map.of("data", 1), 1, 1, 1, 1, 1, 1, 1, null, 1, 1, 0, 0, 1, 1, List.of(), 0, null);
        assertThatThrownBy(() -> summary.write(file))
                .isInstanceOf(OutputException.class)
                .hasMessage("output file cannot be written: path=" + file.resolve("summary.json") + reason);
    }

    private static List<StepMetrics> millis(double... millis) {
        List<StepMetrics> steps = new ArrayList<>();
        for (double value : millis) {
            steps.add(new StepMetrics(steps.size(), 1, 1, value, 1));
        }
        return steps;
    }

    private static List<StepMetrics> curve(int numSteps) {
        Random random = new Random(1);
        List<StepMetrics> steps = new ArrayList<>();
        for (int step = 0; step < numSteps; step++) {
            double loss = 2 + 3.5 * Math.exp(-step / 100.0) + 0.1 * random.nextGaussian();
            steps.add(new StepMetrics(step, loss, 1, 10, 1000));
        }
        return steps;
    }

    private BufferedImage image() throws IOException {
        return ImageIO.read(folder.resolve("loss.png").toFile());
    }

    private static long numRedPixels(BufferedImage image) {
        long count = 0;
        for (int y = 0; y < image.getHeight(); y++) {
            for (int x = 0; x < image.getWidth(); x++) {
                int rgb = image.getRGB(x, y);
                count += ((rgb >> 16) & 0xff) > (rgb & 0xff) + 50 ? 1 : 0;
            }
        }
        return count;
    }

    private static long numBluePixels(BufferedImage image) {
        long count = 0;
        for (int y = 0; y < image.getHeight(); y++) {
            for (int x = 0; x < image.getWidth(); x++) {
                int rgb = image.getRGB(x, y);
                count += (rgb & 0xff) > ((rgb >> 16) & 0xff) + 50 ? 1 : 0;
            }
        }
        return count;
    }
}
