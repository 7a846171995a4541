package dev.tartan.plan.hardware;

import dev.tartan.graph.DType;
import dev.tartan.plan.DeviceKind;
import dev.tartan.plan.DeviceProfile;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * Devices of one kind and how they are connected.
 *
 * @param kind whose kernels are meant to run
 * @param name for people
 * @param matmulFlops peak floating-point operations per second of one device in matrix products
 * @param memoryBandwidth bytes per second that one device reads and writes
 * @param deviceMemory bytes of one device
 * @param devicesPerNode devices that the faster link connects; the largest model group
 * @param shared whether the devices of a node share one processor, so that what is said of one device is said of the
 *     node, and each gets a part
 * @param intraNode between devices of one node
 * @param interNode between nodes, per device
 * @param hostBandwidth bytes per second that a device copies from or to the host's memory; 0 if its memory is the
 *     host's
 */
public record HardwareProfile(
        DeviceKind kind,
        String name,
        Map<DType, Double> matmulFlops,
        double memoryBandwidth,
        long deviceMemory,
        int devicesPerNode,
        boolean shared,
        Link intraNode,
        Link interNode,
        double hostBandwidth,
        Efficiency efficiency) {
    public HardwareProfile {
        matmulFlops = Map.copyOf(new EnumMap<>(matmulFlops));
    }

    /** Peak operations per second of one device in this type, where {@code numDevices} are in use. */
    public double matmulFlops(DType precision, int numDevices) {
        Double peak = matmulFlops.get(precision);
        if (peak == null) {
            throw new IllegalArgumentException("hardware has no peak for this type: hardware=" + name + ", type="
                    + precision + ". Add it to matmulFlops of its profile.");
        }
        return peak / sharers(numDevices);
    }

    /** Bytes per second of one device's memory, where {@code numDevices} are in use. */
    public double memoryBandwidth(int numDevices) {
        return memoryBandwidth / sharers(numDevices);
    }

    /** Bytes of memory that one device can take, where {@code numDevices} are in use. */
    public long deviceMemory(int numDevices) {
        return deviceMemory / sharers(numDevices);
    }

    /** Whether the memory of a device is the host's. */
    public boolean sharesHostMemory() {
        return hostBandwidth == 0;
    }

    /** One device, as a plan takes it for granted. */
    public DeviceProfile device() {
        long chunkBytes = kind == DeviceKind.CPU ? 0 : DeviceProfile.STAGING_CHUNK_BYTES;
        return new DeviceProfile(
                kind,
                name,
                deviceMemory,
                sharesHostMemory(),
                chunkBytes,
                List.of(DType.values()),
                kind == DeviceKind.CUDA);
    }

    private int sharers(int numDevices) {
        return shared ? Math.min(numDevices, devicesPerNode) : 1;
    }
}
