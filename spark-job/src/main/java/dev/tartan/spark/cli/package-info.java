/**
 * The command line: train, plan, checkpoint and bench. Reads options, shows progress, turns failures into messages and
 * exit codes. Depends on {@code runtime}, {@code bench} and the model; holds no logic of training.
 */
@NullMarked
package dev.tartan.spark.cli;

import org.jspecify.annotations.NullMarked;
