/**
 * Spark's shell without a terminal: paragraphs from standard input, ended by the first that fails. Depends on Spark's
 * REPL and nothing of Tartan's.
 */
@NullMarked
package dev.tartan.spark.shell;

import org.jspecify.annotations.NullMarked;
