package dev.tartan.spark.runtime;

import java.io.Serializable;

/**
 * Tells the driver that a task failed in a way that {@link MeshTask#isFinal} calls final, before its peers fail of it
 * and Spark runs the stage again.
 *
 * @param runId the job it belongs to
 * @param taskIndex which task of the mesh it was
 * @param failure as in {@link TaskOutcome}: the driver's thread for messages may not know the application's classes
 */
record FinalFailureMessage(String runId, int taskIndex, byte[] failure) implements Serializable {}
