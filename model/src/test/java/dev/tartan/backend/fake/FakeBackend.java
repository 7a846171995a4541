package dev.tartan.backend.fake;

import dev.tartan.backend.Backend;
import dev.tartan.backend.ForwardingBackend;
import dev.tartan.backend.KernelLibrary;
import dev.tartan.plan.DeviceProfile;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** {@link FakeDevice}s. */
public final class FakeBackend extends ForwardingBackend {
    private final Map<Integer, FakeDevice> devices = new ConcurrentHashMap<>();
    private final KernelLibrary kernels;
    private final long seed;
    private final long stagingChunkBytes;

    /**
     * Makes devices that compute as another backend does, and whose memory communicators reach.
     *
     * @param backend of the CPU
     * @param seed of the order of streams
     */
    public FakeBackend(Backend backend, long seed) {
        this(backend, seed, 0);
    }

    /**
     * As above.
     *
     * @param stagingChunkBytes of collectives, which go through memory of the host unless it is 0
     */
    public FakeBackend(Backend backend, long seed, long stagingChunkBytes) {
        super(backend);
        this.stagingChunkBytes = stagingChunkBytes;
        this.kernels = new FakeKernels(backend.kernels());
        this.seed = seed;
    }

    @Override
    public FakeDevice device(int index) {
        return devices.computeIfAbsent(
                index, key -> new FakeDevice(super.device(key), kernels, profile(), 31 * seed + key));
    }

    @Override
    public KernelLibrary kernels() {
        return kernels;
    }

    @Override
    public DeviceProfile profile() {
        return super.profile().sharingHostMemory(false).stagingIn(stagingChunkBytes);
    }
}
