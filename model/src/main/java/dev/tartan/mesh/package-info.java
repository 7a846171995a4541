/** The mesh of devices and how arrays lie on it. Depends on nothing else of Tartan; never knows about operations. */
@NullMarked
package dev.tartan.mesh;

import org.jspecify.annotations.NullMarked;
