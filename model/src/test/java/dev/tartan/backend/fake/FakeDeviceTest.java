package dev.tartan.backend.fake;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.backend.Arena;
import dev.tartan.backend.Buffer;
import dev.tartan.backend.Event;
import dev.tartan.backend.Kernel;
import dev.tartan.backend.MemorySpace;
import dev.tartan.backend.Scratch;
import dev.tartan.backend.StreamUse;
import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.graph.DType;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import dev.tartan.op.BinaryKind;
import dev.tartan.op.ScalarBinary;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A gradient is computed, copied on another stream, and its memory used again. */
class FakeDeviceTest {
    private static final TensorType FLOATS = new TensorType(DType.FLOAT32, Shape.shape(4));

    private final Nd4jBackend cpu = new Nd4jBackend(1);

    /** Which of the waits are there. */
    private record Waits(boolean start, boolean reuse, boolean end) {}

    private float[] run(FakeDevice device, Waits waits) {
        try (Arena arena = device.allocate(256);
                FakeStream compute = (FakeStream) device.stream(StreamUse.COMPUTE);
                FakeStream other = (FakeStream) device.stream(StreamUse.COMMUNICATION)) {
            Buffer gradient = arena.buffer(FLOATS, 0);
            Buffer sum = arena.buffer(FLOATS, 64);
            Buffer result = arena.buffer(FLOATS, 128);
            gradient.write(new float[] {1, 2, 3, 4});
            Event made = device.event();
            Event copied = device.event();
            kernel(device, arena, gradient, gradient).enqueue(compute);
            compute.record(made);
            if (waits.start()) {
                other.await(made);
            }
            other.copy(gradient, sum);
            other.record(copied);
            if (waits.reuse()) {
                compute.await(copied);
            }
            kernel(device, arena, gradient, gradient).enqueue(compute);
            kernel(device, arena, sum, result).enqueue(compute);
            if (waits.end()) {
                compute.synchronize();
            }
            float[] values = new float[4];
            result.read(values);
            return values;
        }
    }

    /** One that adds 1. */
    private static Kernel kernel(FakeDevice device, Arena arena, Buffer from, Buffer to) {
        return device.kernels()
                .bind(
                        new ScalarBinary(BinaryKind.ADD, 1, false),
                        List.of(from),
                        List.of(to),
                        new Scratch(arena, 192, 64));
    }

    @Test
    void aProgramWithAllWaitsIsRightInEveryOrder() {
        for (int seed = 0; seed < 50; seed++) {
            FakeDevice device = new FakeBackend(cpu, seed).device(0);
            assertThat(run(device, new Waits(true, true, true))).containsExactly(3, 4, 5, 6);
        }
    }

    @Test
    void aMissingWaitIsReportedWhateverOrderIsDrawn() {
        for (int seed = 0; seed < 20; seed++) {
            FakeDevice device = new FakeBackend(cpu, seed).device(0);
            assertThatThrownBy(() -> run(device, new Waits(false, true, true)))
                    .hasMessageContaining(
                            "unordered: copy on stream 1 reads what is written by add_scalar on stream 0");
            FakeDevice second = new FakeBackend(cpu, seed).device(0);
            assertThatThrownBy(() -> run(second, new Waits(true, false, true)))
                    .hasMessageContaining("unordered: add_scalar on stream 0 writes what is read by copy on stream 1");
            FakeDevice third = new FakeBackend(cpu, seed).device(0);
            assertThatThrownBy(() -> run(third, new Waits(true, true, false)))
                    .hasMessageContaining(
                            "unordered: read by the host reads what is written by add_scalar on stream 0");
        }
    }

    @Test
    void nothingIsDoneBeforeSomebodyWaits() {
        FakeDevice device = new FakeBackend(cpu, 1).device(0);
        FakeStream stream = (FakeStream) device.stream(StreamUse.COMPUTE);
        boolean[] done = new boolean[1];
        stream.launch("mark", List.of(), List.of(), () -> done[0] = true);
        assertThat(done[0]).isFalse();
        stream.synchronize();
        assertThat(done[0]).isTrue();
    }

    @Test
    void streamsGoOnInManyOrders() {
        Set<String> orders = new HashSet<>();
        for (int seed = 0; seed < 50; seed++) {
            FakeDevice device = new FakeBackend(cpu, seed).device(0);
            StringBuilder order = new StringBuilder();
            FakeStream[] streams = new FakeStream[2];
            for (int i = 0; i < 2; i++) {
                String name = i == 0 ? "a" : "b";
                streams[i] = (FakeStream) device.stream(StreamUse.COMPUTE);
                for (int k = 0; k < 3; k++) {
                    streams[i].launch(name, List.of(), List.of(), () -> order.append(name));
                }
            }
            streams[0].synchronize();
            streams[1].synchronize();
            orders.add(order.toString());
        }
        // All ways to merge aaa and bbb are 20.
        assertThat(orders).hasSizeGreaterThan(10);
    }

    @Test
    void memoryOfTheDeviceIsNotTheHosts() {
        FakeDevice device = new FakeBackend(cpu, 1).device(0);
        try (Arena arena = device.allocate(64);
                Arena host = device.allocateHost(64)) {
            Buffer far = arena.buffer(FLOATS, 0);
            assertThat(far.space()).isEqualTo(MemorySpace.DEVICE);
            assertThat(host.buffer(FLOATS, 0).space()).isEqualTo(MemorySpace.PINNED_HOST);
            assertThatThrownBy(far::hostBytes).isInstanceOf(UnsupportedOperationException.class);
        }
    }

    @Test
    void memoryIsNotFreedWhileItIsUsed() {
        FakeDevice device = new FakeBackend(cpu, 1).device(0);
        Arena arena = device.allocate(128);
        FakeStream stream = (FakeStream) device.stream(StreamUse.COMPUTE);
        stream.copy(arena.buffer(FLOATS, 0), arena.buffer(FLOATS, 64));
        assertThatThrownBy(arena::close).hasMessageContaining("unordered: free by the host");
        stream.synchronize();
        arena.close();
    }
}
