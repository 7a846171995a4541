/** Reverse-mode differentiation of graphs by the ops' gradient rules. Depends on {@code graph} and {@code op}. */
@NullMarked
package dev.tartan.autodiff;

import org.jspecify.annotations.NullMarked;
