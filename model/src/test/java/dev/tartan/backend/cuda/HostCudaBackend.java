package dev.tartan.backend.cuda;

import dev.tartan.backend.Backend;
import dev.tartan.backend.Device;
import java.util.List;
import java.util.stream.IntStream;

/** The CUDA backend on {@link HostCudaDriver}s, for tests elsewhere. */
public final class HostCudaBackend {
    private final List<HostCudaDriver> drivers;
    private final CudaBackend backend;

    /** So many devices; skips the test where there is no compiler for their kernels. */
    public HostCudaBackend(int numDevices, long seed) {
        HostCuda.require();
        drivers = IntStream.range(0, numDevices)
                .mapToObj(index -> new HostCudaDriver(31 * seed + index))
                .toList();
        backend = new CudaBackend(numDevices, drivers::get);
    }

    public Backend backend() {
        return backend;
    }

    /** Memory of a device that is allocated now. */
    public long deviceBytes(int device) {
        return drivers.get(device).allocatedBytes(false);
    }

    /** Memory of the host that is allocated now for a device. */
    public long hostBytes(int device) {
        return drivers.get(device).allocatedBytes(true);
    }

    /** Graphs launched by all devices so far. */
    public int numGraphLaunches() {
        return drivers.stream().mapToInt(HostCudaDriver::numGraphLaunches).sum();
    }

    /** Leaves out one record, wait or synchronization that a device is asked for from now on; or none. */
    public void leaveOut(Device device, int number) {
        drivers.get(device.index()).leaveOut(number);
    }

    /** Fails one of the copies that streams of a device are asked for from now on; or none. */
    public void failCopy(Device device, int number) {
        drivers.get(device.index()).failCopy(number);
    }

    /** Copies since {@link #failCopy}. */
    public int numCopies(int device) {
        return drivers.get(device).numCopies();
    }

    /** Records, waits and synchronizations since {@link #leaveOut}. */
    public int numOrdered(int device) {
        return drivers.get(device).numOrdered();
    }
}
