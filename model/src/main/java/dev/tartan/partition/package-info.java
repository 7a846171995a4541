/**
 * Turns an annotated graph into the program that every rank runs: global shapes become local ones, and layout changes
 * become explicit collectives. A {@link dev.tartan.partition.Program} is plain data and prints itself. Depends on
 * {@code mesh}, {@code graph}, {@code op} and {@code sharding}.
 */
@NullMarked
package dev.tartan.partition;

import org.jspecify.annotations.NullMarked;
