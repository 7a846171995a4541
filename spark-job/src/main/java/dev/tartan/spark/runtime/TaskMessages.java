package dev.tartan.spark.runtime;

import java.util.function.IntSupplier;

/** Handles what the tasks of one job send to its driver. Used by one thread. */
final class TaskMessages implements DriverEndpoint.MessageHandler {
    private final Gatherings gatherings;
    private final ProgressListener progress;
    private final BarrierMeshJob job;

    TaskMessages(IntSupplier numTasks, ProgressListener progress, BarrierMeshJob job) {
        this.gatherings = new Gatherings(numTasks);
        this.progress = progress;
        this.job = job;
    }

    @Override
    public void handle(TaskMessage message, DriverEndpoint.Caller caller) {
        if (message instanceof TaskMessage.Gather gather) {
            // Tasks of another attempt are over; and the first gathering of each is of the executors' names.
            if (gather.attempt() == job.attempt()) {
                gatherings.add(gather, caller, texts -> gather.round() > 0 || job.mayBegin(texts));
            }
            return;
        }
        if (message instanceof TaskMessage.StopQuestion) {
            caller.answer(job.isStopAsked());
            return;
        }
        if (message instanceof TaskMessage.FilePart part) {
            caller.answer(write(part));
            return;
        }
        if (message instanceof TaskMessage.FinalFailure failed) {
            job.onFinalFailure(failed.attempt(), failed.outcome());
        } else if (message instanceof TaskMessage.Progress reported) {
            reported.reports().forEach(report -> progress.onProgress(reported.attempt(), report));
        }
        caller.answer(true);
    }

    private Object write(TaskMessage.FilePart part) {
        try {
            progress.onFilePart(part.attempt(), part.file(), part.offset(), part.bytes(), part.last());
            return true;
        } catch (RuntimeException e) {
            return String.valueOf(e.getMessage());
        }
    }
}
