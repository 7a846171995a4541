package dev.tartan.train;

import dev.tartan.backend.Arena;
import dev.tartan.backend.Backend;
import dev.tartan.backend.Buffer;
import dev.tartan.backend.Kernel;
import dev.tartan.backend.KernelLibrary;
import dev.tartan.backend.Scratch;
import dev.tartan.graph.Op;
import dev.tartan.graph.TensorType;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** A CPU that fails in place of one kernel, and counts arenas that are not freed. */
final class FaultyBackend implements Backend {
    private final Backend backend;
    private final AtomicInteger open = new AtomicInteger();
    private final AtomicInteger allocated = new AtomicInteger();
    private final AtomicLong kernelsRun = new AtomicLong();
    private volatile long failAt = -1;

    FaultyBackend(Backend backend) {
        this.backend = backend;
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
    public Arena allocate(long bytes) {
        Arena arena = backend.allocate(bytes);
        open.incrementAndGet();
        allocated.incrementAndGet();
        return new Arena() {
            @Override
            public long bytes() {
                return arena.bytes();
            }

            @Override
            public Buffer buffer(TensorType type, long offsetBytes) {
                return arena.buffer(type, offsetBytes);
            }

            @Override
            public void close() {
                open.decrementAndGet();
                arena.close();
            }
        };
    }

    @Override
    public Arena allocateHost(long bytes) {
        return backend.allocateHost(bytes);
    }

    @Override
    public boolean sharesHostMemory() {
        return backend.sharesHostMemory();
    }

    @Override
    public KernelLibrary kernels() {
        KernelLibrary kernels = backend.kernels();
        return new KernelLibrary() {
            @Override
            public long scratchBytes(Op op, List<TensorType> operands) {
                return kernels.scratchBytes(op, operands);
            }

            @Override
            public Kernel bind(Op op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
                Kernel kernel = kernels.bind(op, operands, results, scratch);
                return new Kernel() {
                    @Override
                    public void run() {
                        if (kernelsRun.getAndIncrement() == failAt) {
                            throw new IllegalStateException("power cut");
                        }
                        kernel.run();
                    }

                    @Override
                    public void close() {
                        kernel.close();
                    }
                };
            }
        };
    }

    @Override
    public void attachThread() {
        backend.attachThread();
    }
}
