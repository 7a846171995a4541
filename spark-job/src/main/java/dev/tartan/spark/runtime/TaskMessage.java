package dev.tartan.spark.runtime;

import java.util.List;

/** What travels from a task of a mesh job to its driver while the task runs. */
sealed interface TaskMessage {
    /** How often all tasks of the job were started before, 0 at first. */
    int attempt();

    /**
     * What a task reported, oldest first.
     *
     * @param attempt as in {@link #attempt()}
     * @param reports types that travel by Tartan's Kryo
     */
    record Progress(int attempt, List<Object> reports) implements TaskMessage {}

    /**
     * A task failed in a way that {@link MeshTask#isFinal} calls final. The driver must hear of it before the task's
     * peers fail for want of it and Spark runs the stage again.
     *
     * @param attempt as in {@link #attempt()}
     * @param outcome the failure
     */
    record FinalFailure(int attempt, TaskOutcome outcome) implements TaskMessage {}

    /**
     * A piece of a file that a task made. The answer is {@code true} when the driver has written it, else the reason as
     * text.
     *
     * @param attempt as in {@link #attempt()}
     * @param file name of the file
     * @param offset where the piece begins; pieces come in order
     * @param bytes the piece
     * @param last whether the file ends with it
     */
    // The array is never compared: a message is read once and dropped.
    @SuppressWarnings("ArrayRecordComponent")
    record FilePart(int attempt, String file, long offset, byte[] bytes, boolean last) implements TaskMessage {}

    /**
     * A task's part of a gathering. The answer are the texts of all tasks, in the order of tasks, when all are there.
     *
     * @param attempt as in {@link #attempt()}
     * @param round number of the gathering within the attempt
     * @param taskIndex whose text it is
     * @param text the part
     */
    record Gather(int attempt, int round, int taskIndex, String text) implements TaskMessage {}

    /**
     * Asks whether the run is to end gently. The answer is a Boolean.
     *
     * @param attempt as in {@link #attempt()}
     */
    record StopQuestion(int attempt) implements TaskMessage {}
}
