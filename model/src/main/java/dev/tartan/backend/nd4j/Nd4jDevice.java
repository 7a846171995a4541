package dev.tartan.backend.nd4j;

import dev.tartan.backend.Arena;
import dev.tartan.backend.Device;
import dev.tartan.backend.Event;
import dev.tartan.backend.KernelLibrary;
import dev.tartan.backend.Stream;
import dev.tartan.backend.StreamUse;
import dev.tartan.backend.TimedEvent;
import dev.tartan.backend.host.Denormals;
import dev.tartan.backend.host.HostEvent;
import dev.tartan.backend.host.HostStream;
import dev.tartan.plan.DeviceProfile;

/**
 * One of an {@link Nd4jBackend}'s devices. ND4J's ops are done when its call returns, so that its streams are the
 * host's.
 */
final class Nd4jDevice implements Device {
    private final Nd4jBackend backend;
    private final int index;

    Nd4jDevice(Nd4jBackend backend, int index) {
        this.backend = backend;
        this.index = index;
    }

    @Override
    public int index() {
        return index;
    }

    @Override
    public Arena allocate(long bytes) {
        return Nd4jArena.onDevice(bytes, sharesHostMemory());
    }

    @Override
    public Arena allocateHost(long bytes) {
        return Nd4jArena.onHost(bytes, !sharesHostMemory());
    }

    @Override
    public KernelLibrary kernels() {
        return backend.kernels();
    }

    @Override
    public Stream stream(StreamUse use) {
        return new HostStream(use);
    }

    @Override
    public Event event() {
        return new HostEvent();
    }

    @Override
    public TimedEvent timedEvent() {
        return new HostEvent.Timed();
    }

    @Override
    public DeviceProfile profile() {
        return backend.profile();
    }

    @Override
    public void attachThread() {
        // Before native code starts threads.
        Denormals.flush();
        OpenMp.setThreads(backend.threadsPerDevice());
    }

    /** For example {@code Nd4jDevice[0]}. */
    @Override
    public String toString() {
        return "Nd4jDevice[" + index + "]";
    }
}
