package dev.tartan.backend.fake;

import dev.tartan.backend.Buffer;
import dev.tartan.backend.Kernel;
import dev.tartan.backend.KernelLibrary;
import dev.tartan.backend.Scratch;
import dev.tartan.backend.Stream;
import dev.tartan.backend.StreamUse;
import dev.tartan.backend.host.HostStream;
import dev.tartan.graph.DType;
import dev.tartan.graph.Op;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import java.util.ArrayList;
import java.util.List;

/** The kernels of the CPU, as works of {@link FakeStream}s. They work on memory of the device only. */
final class FakeKernels implements KernelLibrary {
    private final KernelLibrary kernels;

    FakeKernels(KernelLibrary kernels) {
        this.kernels = kernels;
    }

    @Override
    public long scratchBytes(Op op, List<TensorType> operands) {
        return kernels.scratchBytes(op, operands);
    }

    @Override
    public Kernel bind(Op op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
        List<Buffer> touched = new ArrayList<>(operands);
        touched.addAll(results);
        for (Buffer buffer : touched) {
            if (buffer.space().isHost()) {
                throw new AssertionError("kernel works on host memory: op=" + op + ", buffer=" + buffer);
            }
        }
        List<Buffer> writes = new ArrayList<>(results);
        long scratchBytes = scratchBytes(op, operands.stream().map(Buffer::type).toList());
        FakeBuffer own = (FakeBuffer) scratch.at(0, new TensorType(DType.BOOL, Shape.shape(scratchBytes)));
        if (scratchBytes > 0) {
            writes.add(own);
        }
        Kernel kernel = kernels.bind(
                op, reals(operands), reals(results), new Scratch(own.arena().real(), own.offsetBytes(), scratchBytes));
        HostStream host = new HostStream(StreamUse.COMPUTE);
        return new Kernel() {
            @Override
            public void enqueue(Stream stream) {
                ((FakeStream) stream).launch(op.name(), operands, writes, () -> kernel.enqueue(host));
            }

            @Override
            public void close() {
                kernel.close();
            }
        };
    }

    private static List<Buffer> reals(List<Buffer> buffers) {
        return buffers.stream().map(FakeBuffer::real).toList();
    }
}
