package dev.tartan.partition;

import dev.tartan.mesh.Device;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.Shape;

/** The meshes that tests run on. */
public final class TestMeshes {
    private TestMeshes() {}

    /** A mesh {@code data x model}. */
    public static Mesh dataModel(int data, int model) {
        return Mesh.of(Device.cpus(data * model), Shape.shape(data, model), "data", "model");
    }

    /** A mesh {@code data x model x pipe} of 2 x 2 x 2. */
    public static Mesh cube() {
        return Mesh.of(Device.cpus(8), Shape.shape(2, 2, 2), "data", "model", "pipe");
    }
}
