/**
 * Paths as users write them: local, or URIs of stores whose file systems another module brings. Depends on nothing;
 * never opens a file.
 */
@NullMarked
package dev.tartan.path;

import org.jspecify.annotations.NullMarked;
