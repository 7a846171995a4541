package dev.tartan.backend;

import dev.tartan.plan.DeviceProfile;

/** A device that does what another does, to be overridden in part. */
public class ForwardingDevice implements Device {
    private final Device device;

    public ForwardingDevice(Device device) {
        this.device = device;
    }

    @Override
    public int index() {
        return device.index();
    }

    @Override
    public Arena allocate(long bytes) {
        return device.allocate(bytes);
    }

    @Override
    public Arena allocateHost(long bytes) {
        return device.allocateHost(bytes);
    }

    @Override
    public KernelLibrary kernels() {
        return device.kernels();
    }

    @Override
    public Stream stream(StreamUse use) {
        return device.stream(use);
    }

    @Override
    public Event event() {
        return device.event();
    }

    @Override
    public TimedEvent timedEvent() {
        return device.timedEvent();
    }

    @Override
    public void attachThread() {
        device.attachThread();
    }

    @Override
    public DeviceProfile profile() {
        return device.profile();
    }
}
