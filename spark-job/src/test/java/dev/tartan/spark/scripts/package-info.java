/** Runs the scripts in checkouts of their own, with a Maven and a Java that only tell what they were asked for. */
@NullMarked
package dev.tartan.spark.scripts;

import org.jspecify.annotations.NullMarked;
