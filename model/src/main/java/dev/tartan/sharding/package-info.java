/**
 * Decides how every value of a graph is laid out, from the few layouts that the user gave. Works on factors only, never
 * on particular ops. Depends on {@code mesh}, {@code graph} and {@code op}; inserts no communication.
 */
@NullMarked
package dev.tartan.sharding;

import org.jspecify.annotations.NullMarked;
