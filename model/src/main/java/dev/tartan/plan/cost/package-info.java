/**
 * The time of a training step, predicted from what its program computes and sends and from a hardware profile. Depends
 * on {@code plan.hardware}; knows nothing of networks or run configs, never compiles or runs anything.
 */
@NullMarked
package dev.tartan.plan.cost;

import org.jspecify.annotations.NullMarked;
