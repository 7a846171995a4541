/**
 * Kryo serialization of everything that travels between driver and executors. Depends on the types it serializes by
 * name only, through {@code registered-classes.txt}; never on Spark jobs.
 */
@NullMarked
package dev.tartan.spark.kryo;

import org.jspecify.annotations.NullMarked;
