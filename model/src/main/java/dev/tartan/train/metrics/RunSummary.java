package dev.tartan.train.metrics;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.tartan.checkpoint.OutputException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A finished run in numbers.
 *
 * @param mesh size of every axis, in the order of the mesh
 * @param parameters number of trained values
 * @param steps number of updates made
 * @param finalLoss loss of the last step
 * @param medianStepMillis half of the steps took no longer
 * @param tokensPerSecond tokens of all ranks over the median step
 * @param flopsPerStep floating-point operations of the network's matrix products, on all ranks
 * @param flopsPerSecond those over the median step
 * @param mfu model FLOPs utilization: the share of the devices' peak that this is; null if the peak is not known
 * @param plannedPeakBytesPerDevice arena size that the compiler planned
 * @param measuredPeakBytesPerDevice the most that a device used
 * @param hostBytesPerDevice host memory that each device uses besides, for optimizer state that is offloaded
 * @param exposedDataMillis time that rank 0's device thread waited for its samples, mean of all steps
 * @param exposedCommunicationMillis time that rank 0's device thread spent starting, running and awaiting collectives,
 *     mean of all steps: what communication adds to a step
 * @param totalCommunicationMillis time that rank 0's collectives took on whichever thread, waiting for peers included,
 *     mean of all steps; what is not exposed went on while the rank computed
 * @param communication collectives per step
 * @param skippedSteps steps that changed nothing, because their loss or gradient norm was no number
 * @param validation what evaluations gave; null if the run has no validation samples
 */
@JsonPropertyOrder({
    "mesh",
    "parameters",
    "steps",
    "finalLoss",
    "medianStepMillis",
    "tokensPerSecond",
    "flopsPerStep",
    "flopsPerSecond",
    "mfu",
    "plannedPeakBytesPerDevice",
    "measuredPeakBytesPerDevice",
    "hostBytesPerDevice",
    "exposedDataMillis",
    "exposedCommunicationMillis",
    "totalCommunicationMillis",
    "communication",
    "skippedSteps",
    "validation"
})
public record RunSummary(
        Map<String, Integer> mesh,
        long parameters,
        long steps,
        double finalLoss,
        double medianStepMillis,
        double tokensPerSecond,
        long flopsPerStep,
        double flopsPerSecond,
        @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable Double mfu,
        long plannedPeakBytesPerDevice,
        long measuredPeakBytesPerDevice,
        long hostBytesPerDevice,
        double exposedDataMillis,
        double exposedCommunicationMillis,
        double totalCommunicationMillis,
        List<CommunicationTotal> communication,
        long skippedSteps,
        @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable ValidationSummary validation) {

    /** Name of the file in the output folder. */
    public static final String FILE_NAME = "summary.json";

    private static final ObjectMapper JSON = MetricsJson.mapper().enable(SerializationFeature.INDENT_OUTPUT);

    public RunSummary {
        mesh = Collections.unmodifiableMap(new LinkedHashMap<>(mesh));
        communication = List.copyOf(communication);
    }

    /**
     * The middle of the times of these steps, the mean of the middle two if they are even in number.
     *
     * @throws IllegalArgumentException if there are none
     */
    public static double medianStepMillis(List<StepMetrics> steps) {
        if (steps.isEmpty()) {
            throw new IllegalArgumentException("run has no steps: numSteps=0. Run at least one.");
        }
        double[] sorted =
                steps.stream().mapToDouble(StepMetrics::stepMillis).sorted().toArray();
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /**
     * Writes {@code summary.json} into a folder, which is made where missing.
     *
     * @throws OutputException if that fails
     */
    public void write(Path folder) {
        Path path = folder.resolve(FILE_NAME);
        try {
            WholeFile.write(path, JSON.writeValueAsBytes(this));
        } catch (IOException e) {
            throw OutputException.cannotWrite(path, e);
        }
    }
}
