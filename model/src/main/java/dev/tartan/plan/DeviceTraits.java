package dev.tartan.plan;

import dev.tartan.graph.Op;
import dev.tartan.graph.TensorType;
import java.util.List;

/** What a compiler has to know of the devices that will run a program. */
@FunctionalInterface
public interface DeviceTraits {
    /** A device whose memory is the host's and whose kernels need no scratch memory. */
    DeviceTraits PLAIN = (op, operands) -> 0;

    /** Bytes of its own that the kernel for an op needs while it runs on operands of these types. */
    long scratchBytes(Op op, List<TensorType> operands);

    /** What else is taken for granted. */
    default DeviceProfile profile() {
        return DeviceProfile.CPU;
    }

    /** Whether the memory of a device is the host's, so that nothing is gained by moving a tensor there. */
    default boolean sharesHostMemory() {
        return profile().sharesHostMemory();
    }

    /** The same kernels on a device of another profile. */
    default DeviceTraits on(DeviceProfile other) {
        DeviceTraits kernels = this;
        return new DeviceTraits() {
            @Override
            public long scratchBytes(Op op, List<TensorType> operands) {
                return kernels.scratchBytes(op, operands);
            }

            @Override
            public DeviceProfile profile() {
                return other;
            }
        };
    }
}
