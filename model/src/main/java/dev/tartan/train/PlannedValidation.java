package dev.tartan.train;

import dev.tartan.network.BatchField;
import dev.tartan.network.PresentFields;
import dev.tartan.train.config.ValidationConfig;
import dev.tartan.train.data.BatchSpec;
import dev.tartan.train.data.RankSamples;
import dev.tartan.train.data.SampleSource;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

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
    public List<BatchField> fields() {
        List<BatchField> fields = new ArrayList<>(stored);
        if (!fields.contains(PresentFields.SAMPLE_WEIGHT)) {
            fields.add(PresentFields.SAMPLE_WEIGHT);
        }
        return fields;
    }

    /** Which samples of a batch belong to which of so many data ranks. */
    public RankSamples rankSamples(int dataRanks) {
        return new RankSamples(batch, 1, dataRanks);
    }

    /** This validation on other samples, with the same fields; null for none yet. */
    PlannedValidation on(@Nullable SampleSource samples) {
        return new PlannedValidation(how.on(samples), stored, batch, program);
    }

    /** What a plan asks of its validation samples. */
    BatchSpec batches(TrainingPlan plan) {
        return new BatchSpec(stored, batch, 1, plan.train().seed(), plan.files().output());
    }
}
