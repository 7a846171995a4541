/** The way in for programs and notebooks: training on DataFrames in any Spark session. */
@NullMarked
package dev.tartan.spark;

import org.jspecify.annotations.NullMarked;
