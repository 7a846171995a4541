/**
 * Deeplearning4j's way of training on Spark, on a mesh: a {@code TrainingMaster} for {@code SparkDl4jMultiLayer} and
 * {@code SparkComputationGraph}. Uses {@code dataset} and {@code runtime}; DL4J's modules for Spark come with the
 * user's job, so nothing else of Tartan's may use this package but the bench that measures it.
 */
@NullMarked
package dev.tartan.spark.dl4j;

import org.jspecify.annotations.NullMarked;
