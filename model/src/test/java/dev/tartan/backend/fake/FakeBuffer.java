package dev.tartan.backend.fake;

import dev.tartan.backend.Buffer;
import dev.tartan.backend.MemorySpace;
import dev.tartan.graph.TensorType;
import java.nio.ByteBuffer;
import java.util.List;

/** A tensor in a {@link FakeArena}. What the host does with it must come after what streams do. */
final class FakeBuffer implements Buffer {
    /** Addresses of the device are none of the host's. */
    static final long FAR = 1L << 60;

    private final FakeDevice device;
    private final FakeArena arena;
    private final Buffer real;
    private final MemorySpace space;

    FakeBuffer(FakeDevice device, FakeArena arena, Buffer real, MemorySpace space) {
        this.device = device;
        this.arena = arena;
        this.real = real;
        this.space = space;
    }

    static Buffer real(Buffer buffer) {
        return ((FakeBuffer) buffer).real;
    }

    FakeArena arena() {
        return arena;
    }

    private Buffer reading() {
        device.byHost(FakeDevice.use("read", List.of(this), List.of(), null));
        return real;
    }

    private Buffer writing() {
        device.byHost(FakeDevice.use("write", List.of(), List.of(this), null));
        return real;
    }

    @Override
    public TensorType type() {
        return real.type();
    }

    @Override
    public long offsetBytes() {
        return real.offsetBytes();
    }

    @Override
    public Buffer as(TensorType other) {
        return new FakeBuffer(device, arena, real.as(other), space);
    }

    @Override
    public Buffer part(long firstElement, long numElements) {
        return new FakeBuffer(device, arena, real.part(firstElement, numElements), space);
    }

    @Override
    public MemorySpace space() {
        return space;
    }

    @Override
    public long address() {
        return space.isHost() ? real.address() : real.address() + FAR;
    }

    @Override
    public ByteBuffer hostBytes() {
        if (!space.isHost()) {
            throw new UnsupportedOperationException("buffer is on the device: buffer=" + this);
        }
        return writing().hostBytes();
    }

    @Override
    public void copyFrom(Buffer other) {
        writing().copyFrom(((FakeBuffer) other).reading());
    }

    @Override
    public void write(float[] values) {
        writing().write(values);
    }

    @Override
    public void write(double[] values) {
        writing().write(values);
    }

    @Override
    public void write(int[] values) {
        writing().write(values);
    }

    @Override
    public void write(short[] bits) {
        writing().write(bits);
    }

    @Override
    public void write(byte[] values) {
        writing().write(values);
    }

    @Override
    public void read(float[] into) {
        reading().read(into);
    }

    @Override
    public void read(double[] into) {
        reading().read(into);
    }

    @Override
    public void read(int[] into) {
        reading().read(into);
    }

    @Override
    public void read(short[] into) {
        reading().read(into);
    }

    @Override
    public void read(byte[] into) {
        reading().read(into);
    }

    @Override
    public String toString() {
        return real + " in " + space;
    }
}
