/**
 * The intermediate representation: types, values, nodes, graphs and what every op must tell about itself. Depends on
 * {@code mesh} only; never runs anything.
 */
@NullMarked
package dev.tartan.graph;

import org.jspecify.annotations.NullMarked;
