package dev.tartan.network;

import dev.tartan.graph.DType;
import dev.tartan.mesh.Shape;

/**
 * One tensor of a training batch.
 *
 * @param dtype FLOAT32 fields take the network's float type
 * @param sampleShape the shape of one sample; a batch has the batch dim before it
 */
public record BatchField(String name, DType dtype, Shape sampleShape) {}
