/**
 * Where training samples come from: text or files of ready batches. Depends on {@code checkpoint} and
 * {@code train.config}; what it gives depends on the step alone, never on the mesh.
 */
@NullMarked
package dev.tartan.train.data;

import org.jspecify.annotations.NullMarked;
