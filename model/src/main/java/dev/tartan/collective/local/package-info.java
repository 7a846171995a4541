/**
 * Collectives among threads of one process: {@link dev.tartan.collective.local.LocalGroup} for one group,
 * {@link dev.tartan.collective.local.LocalMesh} for all groups of a mesh. Depends on {@code collective} only; never
 * leaves the process and never starts a thread.
 */
@NullMarked
package dev.tartan.collective.local;

import org.jspecify.annotations.NullMarked;
