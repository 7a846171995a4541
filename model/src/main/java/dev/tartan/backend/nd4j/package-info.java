/**
 * Kernels on ND4J, for nd4j-native and nd4j-cuda alike.
 *
 * <p>May depend on {@code backend} and everything below it. Never lets an INDArray out through a public type.
 */
@NullMarked
package dev.tartan.backend.nd4j;

import org.jspecify.annotations.NullMarked;
