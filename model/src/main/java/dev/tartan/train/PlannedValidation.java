package dev.tartan.train;

import dev.tartan.network.BatchField;
import dev.tartan.network.PresentFields;
import dev.tartan.train.config.ValidationConfig;
import dev.tartan.train.data.BatchSpec;
import java.util.ArrayList;
import java.util.List;

/**
 * The validation of a plan.
 *
 * @param stored the tensors of a batch that its samples have, in order
 * @param batch samples of one run of the program, on all ranks together
 * @param program the forward pass of one batch, in the arena of the training step, whose parameters it reads
 */
public record PlannedValidation(ValidationConfig how, List<BatchField> stored, int batch, CompiledProgram program) {
    public PlannedValidation {
        stored = List.copyOf(stored);
    }

    /** What the program takes: samples always have weights. */
    List<BatchField> fields() {
        List<BatchField> fields = new ArrayList<>(stored);
        if (!fields.contains(PresentFields.SAMPLE_WEIGHT)) {
            fields.add(PresentFields.SAMPLE_WEIGHT);
        }
        return fields;
    }

    /** What a plan asks of its validation samples. */
    BatchSpec batches(TrainingPlan plan) {
        return new BatchSpec(stored, batch, 1, plan.train().seed(), plan.files().output());
    }
}
