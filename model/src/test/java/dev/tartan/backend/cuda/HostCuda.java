package dev.tartan.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;

/**
 * Runs launches on the CPU: the sources compiled by a host compiler, every thread of a block a fiber, in an order drawn
 * from a seed. See {@code host_cuda.h}.
 */
final class HostCuda {
    /** The place of a barrier in the sources, and what it is called in messages. */
    record Barrier(String file, int line) {}

    private HostCuda() {}

    /** Makes the library if that has not been done; skips the test where there is no compiler for it. */
    static void require() {
        HostCudaBuild.require();
    }

    /** Runs launches one after another, in orders of threads and blocks that {@code seed} draws. */
    static void run(List<Launch> launches, long seed) {
        for (Launch launch : launches) {
            run(launch, seed);
        }
    }

    /** Runs one launch; see {@link #run(List, long)}. */
    static void run(Launch launch, long seed) {
        String failure = tryRun(launch, seed);
        assertThat(failure)
                .as("%s on grid %s of %s", launch.kernel(), launch.grid(), launch.block())
                .isEmpty();
    }

    /** What went wrong, or nothing. One launch at a time, as the library has the state of one device. */
    static synchronized String tryRun(Launch launch, long seed) {
        HostCudaBuild.require(launch.kernel());
        KernelArguments arguments = launch.arguments();
        try (BytePointer name = text(launch.kernel().expression());
                BytePointer values = new BytePointer(Math.max(8, arguments.bytes().length));
                BytePointer table =
                        new BytePointer(8L * Math.max(1, arguments.offsets().size()))) {
            assertThat(arguments.signature())
                    .as("signature of %s", launch.kernel())
                    .isEqualTo(string(HostCudaLibrary.signature(name.address())));
            values.put(arguments.bytes(), 0, arguments.bytes().length);
            for (int i = 0; i < arguments.offsets().size(); i++) {
                table.putLong(8L * i, values.address() + arguments.offsets().get(i));
            }
            return string(HostCudaLibrary.launch(
                    name.address(),
                    launch.grid().x(),
                    launch.grid().y(),
                    launch.grid().z(),
                    launch.block().x(),
                    launch.block().y(),
                    launch.block().z(),
                    launch.sharedBytes(),
                    table.address(),
                    seed));
        }
    }

    /** The barriers that the last launch met at. */
    static List<Barrier> lastBarriers() {
        List<Barrier> barriers = new ArrayList<>();
        for (String line : string(HostCudaLibrary.met()).lines().toList()) {
            int colon = line.indexOf(':');
            barriers.add(new Barrier(line.substring(0, colon), Integer.parseInt(line.substring(colon + 1))));
        }
        return barriers;
    }

    /** What {@code body} gives while one barrier does nothing. */
    static <R> R without(Barrier barrier, Supplier<R> body) {
        try (BytePointer file = text(barrier.file());
                BytePointer none = text("")) {
            HostCudaLibrary.skip(file.address(), barrier.line());
            try {
                return body.get();
            } finally {
                HostCudaLibrary.skip(none.address(), 0);
            }
        }
    }

    private static BytePointer text(String value) {
        return new BytePointer(value, StandardCharsets.UTF_8);
    }

    private static String string(long address) {
        return new BytePointer(new AddressOnly(address)).getString(StandardCharsets.UTF_8);
    }

    /** A pointer to memory of somebody else. */
    private static final class AddressOnly extends Pointer {
        AddressOnly(long address) {
            this.address = address;
        }
    }
}
