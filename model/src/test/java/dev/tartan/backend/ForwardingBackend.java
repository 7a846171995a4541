package dev.tartan.backend;

import dev.tartan.plan.DeviceProfile;

/** A backend that does what another does, to be overridden in part. */
public class ForwardingBackend implements Backend {
    private final Backend backend;

    public ForwardingBackend(Backend backend) {
        this.backend = backend;
    }

    @Override
    public Device device(int index) {
        return backend.device(index);
    }

    @Override
    public KernelLibrary kernels() {
        return backend.kernels();
    }

    @Override
    public DeviceProfile profile() {
        return backend.profile();
    }
}
