package dev.tartan.backend;

import dev.tartan.graph.Op;
import dev.tartan.graph.TensorType;
import dev.tartan.plan.DeviceProfile;
import dev.tartan.plan.DeviceTraits;
import java.util.List;

/** A kind of device, and those of this process. Thread-safe. */
public interface Backend extends DeviceTraits {
    /**
     * One of the devices.
     *
     * @param index counts the devices that ranks of this process use
     * @throws IllegalArgumentException if there are not so many
     */
    Device device(int index);

    /** The kernels for buffers of these devices. */
    KernelLibrary kernels();

    @Override
    default long scratchBytes(Op op, List<TensorType> operands) {
        return kernels().scratchBytes(op, operands);
    }

    @Override
    DeviceProfile profile();
}
