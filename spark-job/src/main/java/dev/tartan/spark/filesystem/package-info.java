/**
 * File systems of Hadoop ({@code hdfs:}, {@code s3a:} and others) as file systems of {@code java.nio.file}, so that all
 * of Tartan reads and writes stores by {@link java.nio.file.Files}. Files are read at any position and written once,
 * from their beginning to their end: what needs more is refused. Depends on Hadoop, and on Spark for its configuration
 * alone.
 */
@NullMarked
package dev.tartan.spark.filesystem;

import org.jspecify.annotations.NullMarked;
