/**
 * How values of several ranks become one, on one thread: {@link dev.tartan.collective.reduce.ReductionTile}. Depends on
 * {@code collective} and element types only; never communicates.
 */
@NullMarked
package dev.tartan.collective.reduce;

import org.jspecify.annotations.NullMarked;
