/**
 * Networks of Deeplearning4j as networks of Tartan: configurations, parameters and updaters in, trained values out.
 * What DL4J computes is computed here by the same formulas; what is not known is refused by name. Depends on
 * {@code network} and {@code optimizer}; traces only, as they do.
 */
@NullMarked
package dev.tartan.dl4j;

import org.jspecify.annotations.NullMarked;
