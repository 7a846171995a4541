package dev.tartan.spark.runtime;

import java.io.Serializable;
import java.util.ArrayList;

/**
 * What travels from a task to the driver, by Spark's Java serialization.
 *
 * @param runId the job it belongs to
 * @param attempt stage attempt it was sent in
 * @param messages what the task reported, oldest first
 */
record ProgressMessage(String runId, int attempt, ArrayList<Serializable> messages) implements Serializable {}
