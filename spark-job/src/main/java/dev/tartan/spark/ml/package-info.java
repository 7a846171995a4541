/**
 * Networks as estimators and models of Spark ML: {@link dev.tartan.spark.ml.TartanClassifier},
 * {@link dev.tartan.spark.ml.TartanRegressor} and, for any network, {@link dev.tartan.spark.ml.TartanEstimator}. Trains
 * through {@link dev.tartan.spark.Tartan}; knows nothing of barrier stages and spools. A model is a handle to one
 * safetensors file, which executors get by broadcast; its {@code transform} is a relation that reads only the columns
 * that a query needs.
 */
@NullMarked
package dev.tartan.spark.ml;

import org.jspecify.annotations.NullMarked;
