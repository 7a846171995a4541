package dev.tartan.network;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Which tensors the batches of a run have, of those that its network knows.
 *
 * @param optional names of the optional fields that are there
 * @param weights whether each sample has a weight
 */
public record PresentFields(Set<String> optional, boolean weights) {
    /** The field with the weights of samples, {@code [batch]}. */
    public static final BatchField SAMPLE_WEIGHT = BatchField.floats("sample.weight");

    /** What every run has: the fields that are not optional. */
    public static final PresentFields REQUIRED = new PresentFields(Set.of(), false);

    public PresentFields {
        optional = Set.copyOf(optional);
    }

    /** The fields of a batch in their order, that of the samples' weights last. */
    public List<BatchField> of(Network network) {
        List<BatchField> fields = new ArrayList<>();
        for (BatchField field : network.batchFields()) {
            if (!field.optional() || optional.contains(field.name())) {
                fields.add(field);
            }
        }
        if (weights) {
            fields.add(SAMPLE_WEIGHT);
        }
        return fields;
    }
}
