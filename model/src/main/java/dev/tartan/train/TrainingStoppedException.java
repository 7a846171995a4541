package dev.tartan.train;

import java.util.concurrent.CancellationException;

/** A run was stopped by hand, after a checkpoint of all that it had done. */
public final class TrainingStoppedException extends CancellationException {
    private static final long serialVersionUID = 1;

    private TrainingStoppedException(String message) {
        super(message);
    }

    /** The exception of a run that has made so many updates. */
    static TrainingStoppedException after(long steps) {
        return new TrainingStoppedException("training was stopped after a checkpoint: steps=" + steps
                + ". Go on from it with --resume latest, or TrainingJob.resume.");
    }
}
