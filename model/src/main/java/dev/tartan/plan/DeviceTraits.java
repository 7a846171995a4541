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

    /** Whether the memory of a device is the host's, so that nothing is gained by moving a tensor there. */
    default boolean sharesHostMemory() {
        return true;
    }

    /** A device with the same kernels, whose memory is the host's or not. */
    default DeviceTraits sharingHostMemory(boolean shares) {
        DeviceTraits kernels = this;
        return new DeviceTraits() {
            @Override
            public long scratchBytes(Op op, List<TensorType> operands) {
                return kernels.scratchBytes(op, operands);
            }

            @Override
            public boolean sharesHostMemory() {
                return shares;
            }
        };
    }
}
