package dev.tartan.train;

import dev.tartan.backend.Arena;
import dev.tartan.backend.Backend;
import dev.tartan.backend.Buffer;
import dev.tartan.backend.Device;
import dev.tartan.backend.ForwardingBackend;
import dev.tartan.backend.ForwardingDevice;
import dev.tartan.backend.Kernel;
import dev.tartan.backend.KernelLibrary;
import dev.tartan.backend.Scratch;
import dev.tartan.graph.DType;
import dev.tartan.graph.Op;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import dev.tartan.plan.DeviceProfile;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A CPU that says its memory is not the host's, as a GPU's is not: of what is allocated as host memory, no kernel may
 * touch a byte.
 */
final class FarBackend extends ForwardingBackend {
    private final KernelLibrary library;
    private final Map<Long, Long> hostRanges = new ConcurrentHashMap<>();
    private final AtomicLong hostBytes = new AtomicLong();

    FarBackend(Backend backend) {
        super(backend);
        this.library = backend.kernels();
    }

    /** Host memory allocated so far. */
    long hostBytes() {
        return hostBytes.get();
    }

    @Override
    public Device device(int index) {
        return new ForwardingDevice(super.device(index)) {
            @Override
            public Arena allocateHost(long bytes) {
                Arena arena = super.allocateHost(bytes);
                long start = arena.buffer(new TensorType(DType.BOOL, Shape.shape(arena.bytes())), 0)
                        .address();
                hostRanges.put(start, start + arena.bytes());
                hostBytes.addAndGet(arena.bytes());
                return arena;
            }

            @Override
            public DeviceProfile profile() {
                return super.profile().sharingHostMemory(false);
            }

            @Override
            public KernelLibrary kernels() {
                return FarBackend.this.kernels();
            }
        };
    }

    @Override
    public DeviceProfile profile() {
        return super.profile().sharingHostMemory(false);
    }

    @Override
    public KernelLibrary kernels() {
        return new KernelLibrary() {
            @Override
            public long scratchBytes(Op op, List<TensorType> operands) {
                return library.scratchBytes(op, operands);
            }

            @Override
            public Kernel bind(Op op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
                operands.forEach(each -> check(op, each));
                results.forEach(each -> check(op, each));
                return library.bind(op, operands, results, scratch);
            }
        };
    }

    private void check(Op op, Buffer buffer) {
        hostRanges.forEach((start, end) -> {
            if (buffer.address() >= start && buffer.address() < end) {
                throw new AssertionError("kernel works on host memory: op=" + op + ", buffer=" + buffer);
            }
        });
    }
}
