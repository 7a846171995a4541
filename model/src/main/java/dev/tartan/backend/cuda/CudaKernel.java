package dev.tartan.backend.cuda;

import dev.tartan.backend.Buffer;
import dev.tartan.backend.Kernel;
import dev.tartan.backend.Stream;
import java.util.ArrayList;
import java.util.List;

/** What a GPU does for an op, bound to memory. */
final class CudaKernel implements Kernel {
    private final CudaDriver driver;
    private final Work work;
    private final CudaCall[] calls;

    private CudaKernel(CudaDriver driver, Work work, List<CudaCall> calls) {
        this.driver = driver;
        this.work = work;
        this.calls = calls.toArray(new CudaCall[0]);
    }

    /** Begins to bind an op to memory, all of one GPU. */
    static Binding of(String label, List<Buffer> operands, List<Buffer> results, List<Buffer> scratch) {
        List<Buffer> all = new ArrayList<>(results);
        all.addAll(scratch);
        for (Buffer buffer : operands) {
            requireDevice(label, buffer);
        }
        all.forEach(buffer -> requireDevice(label, buffer));
        return new Binding(CudaBuffer.of(all.get(0)).device().driver(), new Work(label, operands, all));
    }

    private static void requireDevice(String label, Buffer buffer) {
        if (buffer.space().isHost()) {
            throw new IllegalArgumentException("kernel cannot work on memory of the host: op=" + label + ", buffer="
                    + buffer + ". Copy it to the device.");
        }
    }

    /** An op and its memory. */
    record Binding(CudaDriver driver, Work work) {
        /** By steps, one after another. */
        CudaKernel doing(List<? extends Step> steps) {
            return new CudaKernel(
                    driver, work, steps.stream().map(this::prepare).toList());
        }

        private CudaCall prepare(Step step) {
            if (step instanceof BoundProduct bound) {
                return driver.prepare(bound);
            }
            return driver.prepare((Launch) step);
        }
    }

    @Override
    public void enqueue(Stream stream) {
        long handle = CudaStream.of(stream).handle();
        driver.announce(work, handle);
        for (CudaCall call : calls) {
            call.enqueue(handle);
        }
    }

    @Override
    public void close() {
        for (CudaCall call : calls) {
            call.close();
        }
    }

    @Override
    public String toString() {
        return work.label();
    }
}
