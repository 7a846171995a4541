/**
 * Tartan's own serialization of everything that travels between driver and executors, apart from the session's
 * serializer. Depends on the types it serializes by name only, through {@code registered-classes.txt}; never on Spark.
 */
@NullMarked
package dev.tartan.spark.kryo;

import org.jspecify.annotations.NullMarked;
