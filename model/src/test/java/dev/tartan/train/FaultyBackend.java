package dev.tartan.train;

import dev.tartan.backend.Arena;
import dev.tartan.backend.Backend;
import dev.tartan.backend.Buffer;
import dev.tartan.backend.Device;
import dev.tartan.backend.ForwardingArena;
import dev.tartan.backend.ForwardingBackend;
import dev.tartan.backend.ForwardingDevice;
import dev.tartan.backend.Kernel;
import dev.tartan.backend.KernelLibrary;
import dev.tartan.backend.Scratch;
import dev.tartan.backend.Stream;
import dev.tartan.graph.Op;
import dev.tartan.graph.TensorType;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** A CPU that fails in place of one kernel, and counts arenas that are not freed. */
final class FaultyBackend extends ForwardingBackend {
    private final KernelLibrary library;
    private final AtomicInteger open = new AtomicInteger();
    private final AtomicInteger allocated = new AtomicInteger();
    private final AtomicLong kernelsRun = new AtomicLong();
    private volatile long failAt = -1;

    FaultyBackend(Backend backend) {
        super(backend);
        this.library = backend.kernels();
    }

    /** Fails in place of the kernel of this number, counted from now on; a negative number stops that. */
    void failAt(long kernel) {
        kernelsRun.set(0);
        failAt = kernel;
    }

    /** Kernels run since {@link #failAt}, on all devices. */
    long kernelsRun() {
        return kernelsRun.get();
    }

    /** Arenas that are not freed. */
    int open() {
        return open.get();
    }

    /** Arenas allocated so far. */
    int allocated() {
        return allocated.get();
    }

    @Override
    public Device device(int index) {
        return new ForwardingDevice(super.device(index)) {
            @Override
            public Arena allocate(long bytes) {
                Arena arena = super.allocate(bytes);
                open.incrementAndGet();
                allocated.incrementAndGet();
                return new ForwardingArena(arena) {
                    @Override
                    public void close() {
                        open.decrementAndGet();
                        super.close();
                    }
                };
            }

            @Override
            public KernelLibrary kernels() {
                return FaultyBackend.this.kernels();
            }
        };
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
                Kernel kernel = library.bind(op, operands, results, scratch);
                return new Kernel() {
                    @Override
                    public void enqueue(Stream stream) {
                        if (kernelsRun.getAndIncrement() == failAt) {
                            throw new IllegalStateException("power cut");
                        }
                        kernel.enqueue(stream);
                    }

                    @Override
                    public void close() {
                        kernel.close();
                    }
                };
            }
        };
    }
}
