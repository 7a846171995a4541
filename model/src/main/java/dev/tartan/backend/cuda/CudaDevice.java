package dev.tartan.backend.cuda;

import dev.tartan.backend.Arena;
import dev.tartan.backend.Device;
import dev.tartan.backend.Event;
import dev.tartan.backend.Kernel;
import dev.tartan.backend.KernelLibrary;
import dev.tartan.backend.MemorySpace;
import dev.tartan.backend.Stream;
import dev.tartan.backend.StreamUse;
import dev.tartan.backend.TimedEvent;
import dev.tartan.plan.DeviceProfile;
import java.util.List;
import java.util.Optional;

/** One GPU. */
final class CudaDevice implements Device {
    private final int index;
    private final CudaDriver driver;
    private final DeviceProfile profile;

    /** For copies that the host waits for; one at a time. */
    private final long transfers;

    private final Object transfer = new Object();

    CudaDevice(int index, CudaDriver driver) {
        this.index = index;
        this.driver = driver;
        this.profile = CudaBackend.profileOf(driver.gpu());
        this.transfers = driver.createStream(false);
    }

    CudaDriver driver() {
        return driver;
    }

    @Override
    public int index() {
        return index;
    }

    @Override
    public Arena allocate(long bytes) {
        return new CudaArena(this, MemorySpace.DEVICE, bytes);
    }

    @Override
    public Arena allocateHost(long bytes) {
        return new CudaArena(this, MemorySpace.PINNED_HOST, bytes);
    }

    /** Copies a tensor and waits for it. */
    void copyNow(CudaBuffer from, CudaBuffer to) {
        to.requireSame(from);
        if (to.type().bytes() == 0) {
            return;
        }
        synchronized (transfer) {
            driver.announce(new Work("copy by the host", List.of(from), List.of(to)), transfers);
            driver.copy(to.address(), from.address(), to.type().bytes(), transfers);
            driver.synchronizeStream(transfers);
        }
    }

    @Override
    public KernelLibrary kernels() {
        return CudaKernels.LIBRARY;
    }

    @Override
    public Stream stream(StreamUse use) {
        return new CudaStream(driver, use);
    }

    @Override
    public Event event() {
        return new CudaEvent(driver, false);
    }

    @Override
    public TimedEvent timedEvent() {
        return new CudaEvent(driver, true);
    }

    @Override
    public Optional<Kernel> join(List<Kernel> kernels) {
        return Optional.of(new CudaGraph(driver, kernels));
    }

    @Override
    public void attachThread() {
        driver.attachThread();
    }

    @Override
    public DeviceProfile profile() {
        return profile;
    }

    /** For example {@code CudaDevice[0: NVIDIA H100]}. */
    @Override
    public String toString() {
        return "CudaDevice[" + index + ": " + profile.name() + "]";
    }
}
