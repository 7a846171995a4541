package dev.tartan.backend.fake;

import dev.tartan.backend.Arena;
import dev.tartan.backend.Buffer;
import dev.tartan.backend.ForwardingArena;
import dev.tartan.backend.MemorySpace;
import dev.tartan.graph.DType;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import java.util.List;

/** Memory of a {@link FakeDevice}, or of the host for it. */
final class FakeArena extends ForwardingArena {
    private final FakeDevice device;
    private final Arena real;
    private final MemorySpace space;

    FakeArena(FakeDevice device, Arena real, MemorySpace space) {
        super(real);
        this.device = device;
        this.real = real;
        this.space = space;
    }

    Arena real() {
        return real;
    }

    @Override
    public Buffer buffer(TensorType type, long offsetBytes) {
        return new FakeBuffer(device, this, super.buffer(type, offsetBytes), space);
    }

    @Override
    public void close() {
        Buffer all = buffer(new TensorType(DType.BOOL, Shape.shape(bytes())), 0);
        device.byHost(FakeDevice.use("free", List.of(), List.of(all), null));
        super.close();
    }
}
