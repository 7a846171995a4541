package dev.tartan.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.backend.Arena;
import dev.tartan.backend.Backend;
import dev.tartan.backend.Buffer;
import dev.tartan.backend.Device;
import dev.tartan.backend.Kernel;
import dev.tartan.backend.Scratch;
import dev.tartan.backend.Stream;
import dev.tartan.backend.StreamUse;
import dev.tartan.backend.TimedEvent;
import dev.tartan.backend.nd4j.KernelChecks;
import dev.tartan.backend.nd4j.TypedCases;
import dev.tartan.graph.DType;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import dev.tartan.op.BinaryKind;
import dev.tartan.op.ScalarBinary;
import dev.tartan.op.reference.OpCase;
import dev.tartan.op.reference.OpCases;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The calls to CUDA's driver and NVRTC, with a driver made for the CPU: {@code host_driver.cpp}. Kernels are compiled
 * by NVRTC for a GPU, found by the symbols that it gives them, and run as a host compiler made them, with the
 * parameters that they are launched with.
 */
@Tag("cuda")
class BytedecoCudaTest {
    private static final TensorType FLOATS = new TensorType(DType.FLOAT32, Shape.shape(1000));

    @TempDir
    static Path cache;

    private Backend backend;

    @BeforeAll
    static void makeDriver() throws IOException {
        HostDriver.require();
        System.setProperty(KernelCache.PROPERTY, cache.toString());
    }

    @BeforeEach
    void open() {
        backend = BytedecoCuda.backend();
    }

    @Test
    void theGpuIsAsTheDriverSays() {
        assertThat(backend.profile().name()).isEqualTo("CPU as a driver's GPU");
        assertThat(backend.profile().memoryBytes()).isEqualTo(1 << 30);
        assertThatThrownBy(() -> backend.device(4)).hasMessageContaining("GPU does not exist: index=4, visible=4");
    }

    @Test
    void opsMatchTheReference() throws IOException {
        Backend ops = HostDriverBackend.of(1, cache);
        int count = 0;
        for (OpCase example : OpCases.all()) {
            OpCase floats = TypedCases.toFloat32(example);
            try {
                KernelChecks.assertMatchesReference(ops, ops.kernels(), floats, List.of());
                count++;
            } catch (UnsupportedOperationException e) {
                assertThat(e).hasMessageContaining("op has no kernel: op=");
            }
        }
        System.out.println("ops run through the presets: " + count);
        assertThat(count).isGreaterThan(100);
    }

    @Test
    void streamsEventsGraphsAndCopies() {
        Device device = backend.device(0);
        try (Arena arena = device.allocate(64 << 10);
                Arena host = device.allocateHost(64 << 10);
                Stream stream = device.stream(StreamUse.COMPUTE);
                Stream other = device.stream(StreamUse.COMMUNICATION)) {
            Buffer x = arena.buffer(FLOATS, 0);
            Buffer y = arena.buffer(FLOATS, 8 << 10);
            Buffer back = host.buffer(FLOATS, 0);
            TimedEvent begun = device.timedEvent();
            TimedEvent ended = device.timedEvent();
            x.write(new float[1000]);
            Kernel add = device.kernels()
                    .bind(
                            new ScalarBinary(BinaryKind.ADD, 1, false),
                            List.of(x),
                            List.of(x),
                            new Scratch(arena, 16 << 10, 0));
            Kernel copy = on -> on.copy(x, y);
            try (Kernel joined = device.join(List.of(add, copy, add)).orElseThrow()) {
                stream.record(begun);
                for (int run = 0; run < 4; run++) {
                    joined.enqueue(stream);
                }
                stream.record(ended);
                other.await(ended);
                other.copy(y, back);
                other.synchronize();
            }
            add.close();
            assertThat(ended.isDone()).isTrue();
            assertThat(ended.nanosSince(begun)).isPositive();
            float[] values = new float[1000];
            x.read(values);
            assertThat(values).containsOnly(8);
            assertThat(back.hostBytes().asFloatBuffer().get(999)).isEqualTo(7);
        }
        assertThatThrownBy(() -> device.allocate(1L << 31))
                .isInstanceOf(OutOfMemoryError.class)
                .hasMessageContaining("memory of the GPU cannot be allocated: bytes=2147483648");
    }

    /** Attention's gradient takes more shared memory than a kernel may have unasked. */
    @Test
    void kernelsGetTheSharedMemoryThatTheyNeed() {
        HostDriver.expectLargeSharedMemory(backend);
    }

    @Test
    void callsFromAnyThreadHaveTheContext() throws InterruptedException {
        Device device = backend.device(0);
        boolean[] done = new boolean[1];
        Thread thread = new Thread(() -> {
            try (Arena arena = device.allocate(4096)) {
                Buffer x = arena.buffer(FLOATS, 0);
                x.write(new float[1000]);
                done[0] = true;
            }
        });
        thread.start();
        thread.join();
        assertThat(done[0]).isTrue();
    }

    @Test
    void aFailedCallNamesItself() {
        CudaDriver driver = ((CudaDevice) backend.device(0)).driver();
        long stream = driver.createStream(true);
        driver.beginCapture(stream);
        assertThatThrownBy(() -> driver.synchronizeStream(stream))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("CUDA call failed: call=cuStreamSynchronize, error=HOST_DRIVER_ERROR_900");
        driver.destroyGraph(driver.endCapture(stream));
        driver.destroyStream(stream);
    }
}
