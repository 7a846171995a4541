package dev.tartan.backend.cuda;

import dev.tartan.backend.Backend;
import dev.tartan.backend.Device;
import dev.tartan.backend.KernelLibrary;
import dev.tartan.graph.DType;
import dev.tartan.graph.Op;
import dev.tartan.graph.TensorType;
import dev.tartan.plan.DeviceKind;
import dev.tartan.plan.DeviceProfile;
import dev.tartan.plan.DeviceTraits;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntFunction;
import org.jspecify.annotations.Nullable;

/** GPUs by Tartan's own kernels. Each is opened when it is first asked for. */
public final class CudaBackend implements Backend {
    /** What a plan needs to know of a GPU, on a machine that has none: how much memory it has is not known. */
    public static final DeviceTraits TRAITS = new DeviceTraits() {
        @Override
        public long scratchBytes(Op op, List<TensorType> operands) {
            return CudaKernels.LIBRARY.scratchBytes(op, operands);
        }

        @Override
        public DeviceProfile profile() {
            // One of today; the real one is held against it when a run starts.
            return profileOf(new CudaDriver.Gpu("GPU", BFLOAT16_CAPABILITY, 0));
        }
    };

    private static final List<DType> TYPES = List.of(DType.FLOAT32, DType.FLOAT64, DType.INT32, DType.BOOL);

    /** Where bfloat16 has tensor cores; of float16 only casts, reductions and products are tried. */
    private static final List<DType> TYPES_WITH_BFLOAT16 =
            List.of(DType.FLOAT32, DType.FLOAT64, DType.BFLOAT16, DType.INT32, DType.BOOL);

    private static final int BFLOAT16_CAPABILITY = 80;

    private static @Nullable CudaBackend opened;

    private final int numDevices;
    private final IntFunction<CudaDriver> drivers;
    private final Map<Integer, CudaDevice> devices = new ConcurrentHashMap<>();

    /**
     * The GPUs that some drivers are of.
     *
     * @param numDevices how many there are, at least 1
     * @param drivers by index, each asked for once; thread-safe
     */
    CudaBackend(int numDevices, IntFunction<CudaDriver> drivers) {
        this.numDevices = numDevices;
        this.drivers = drivers;
    }

    @Override
    public Device device(int index) {
        if (index < 0 || index >= numDevices) {
            throw new IllegalArgumentException("GPU does not exist: index=" + index + ", visible=" + numDevices
                    + ". Make more visible, or use a mesh of fewer devices in this process.");
        }
        return devices.computeIfAbsent(index, key -> new CudaDevice(key, drivers.apply(key)));
    }

    @Override
    public KernelLibrary kernels() {
        return CudaKernels.LIBRARY;
    }

    @Override
    public DeviceProfile profile() {
        return device(0).profile();
    }

    /**
     * The GPUs of this process. Nothing of CUDA is loaded unless there is a driver.
     *
     * @throws IllegalArgumentException if there is no driver, or the libraries for it are not there
     */
    public static synchronized CudaBackend open() {
        if (opened == null) {
            String obstacle = CudaProbe.ofMachine().obstacle();
            if (obstacle != null) {
                throw unusable("this machine has no CUDA driver", obstacle, null);
            }
            try {
                opened = BytedecoCuda.backend();
            } catch (LinkageError e) {
                throw unusable("CUDA's libraries or bytedeco's presets of them are missing", String.valueOf(e), e);
            } catch (IllegalStateException e) {
                throw unusable("CUDA cannot be started", String.valueOf(e.getMessage()), e);
            }
        }
        return opened;
    }

    private static IllegalArgumentException unusable(String why, String found, @Nullable Throwable cause) {
        return new IllegalArgumentException(
                "device cannot be used, since " + why + ": device=" + DeviceKind.CUDA + ", found=" + found
                        + ". Choose device=cpu or device=auto.",
                cause);
    }

    static DeviceProfile profileOf(CudaDriver.Gpu gpu) {
        return new DeviceProfile(
                DeviceKind.CUDA,
                gpu.name(),
                gpu.memoryBytes(),
                false,
                DeviceProfile.STAGING_CHUNK_BYTES,
                gpu.capability() < BFLOAT16_CAPABILITY ? TYPES : TYPES_WITH_BFLOAT16,
                true);
    }
}
