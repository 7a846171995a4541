/**
 * The tab "Tartan" of Spark's UI, live and in the history server: runs, their losses and speed, which rank is where,
 * what a step's time and a device's memory go to, and what happened on the way. What a history server needs of it is in
 * this package alone, so that one jar on its class path is enough.
 */
@org.jspecify.annotations.NullMarked
package dev.tartan.spark.ui;
