/**
 * A device for tests: its memory is not the host's, its streams do nothing until somebody waits and then in any order
 * that events allow, and it reports accesses that nothing puts in order.
 */
@NullMarked
package dev.tartan.backend.fake;

import org.jspecify.annotations.NullMarked;
