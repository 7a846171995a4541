/**
 * Graphs of ND4J's SameDiff as networks of Tartan: variables, constants and ops in, trained values out. What is not
 * known is refused by name. Depends on {@code network}, {@code optimizer} and {@code dl4j}; traces only, as they do.
 */
@NullMarked
package dev.tartan.samediff;

import org.jspecify.annotations.NullMarked;
