/**
 * What devices and the links between them can do, read from HOCON files such as {@code conf/hardware/h100.conf}.
 * Depends on nothing of Tartan; never measures anything.
 */
@NullMarked
package dev.tartan.plan.hardware;

import org.jspecify.annotations.NullMarked;
