/** Counter-based random numbers. Depends on nothing; keeps no state. */
@NullMarked
package dev.tartan.random;

import org.jspecify.annotations.NullMarked;
