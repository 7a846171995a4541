package dev.tartan.spark.dataset;

import dev.tartan.network.BatchField;
import dev.tartan.network.Network;
import dev.tartan.network.PresentFields;
import dev.tartan.train.data.BatchSource;
import dev.tartan.train.data.BatchSpec;
import dev.tartan.train.data.SampleSource;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * What a plan must know of the rows of a frame. They are read from what Spark gives to each task.
 *
 * @param names of the fields that columns fill
 * @param stepsPerEpoch steps until every row was there once
 * @param identity number of rows, and a digest of all they hold that does not depend on their order
 * @param weights whether samples have weights: of a column, or since the last step of an epoch is filled up
 */
public record FrameSamples(Set<String> names, long stepsPerEpoch, boolean weights, String identity)
        implements SampleSource {
    public FrameSamples {
        names = Set.copyOf(names);
    }

    @Override
    public PresentFields fields(Network network) {
        return new PresentFields(
                network.batchFields().stream()
                        .filter(BatchField::optional)
                        .map(BatchField::name)
                        .filter(names::contains)
                        .collect(Collectors.toUnmodifiableSet()),
                weights);
    }

    @Override
    public boolean isBrought() {
        return true;
    }

    @Override
    public BatchSource open(BatchSpec spec) {
        throw new IllegalArgumentException(
                "samples of a frame are with Spark's tasks: fields=" + names + ". Train with dev.tartan.spark.Tartan.");
    }
}
