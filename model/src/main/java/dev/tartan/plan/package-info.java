/**
 * Memory and cost of a program, known before it runs. Depends on {@code graph}, {@code op} and {@code partition}; never
 * allocates.
 */
@NullMarked
package dev.tartan.plan;

import org.jspecify.annotations.NullMarked;
