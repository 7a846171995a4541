package dev.tartan.backend.nd4j;

import com.sun.management.OperatingSystemMXBean;
import dev.tartan.backend.Backend;
import dev.tartan.backend.Device;
import dev.tartan.backend.KernelLibrary;
import dev.tartan.backend.KernelTable;
import dev.tartan.backend.host.HostKernels;
import dev.tartan.backend.host.Workers;
import dev.tartan.graph.DType;
import dev.tartan.op.Attention;
import dev.tartan.op.AttentionGrad;
import dev.tartan.op.Conv2d;
import dev.tartan.op.Conv2dFilterGrad;
import dev.tartan.op.ConvTranspose2d;
import dev.tartan.op.DepthwiseConv2d;
import dev.tartan.op.DepthwiseConv2dFilterGrad;
import dev.tartan.op.DepthwiseConvTranspose2d;
import dev.tartan.op.Lstm;
import dev.tartan.op.LstmGrad;
import dev.tartan.op.SimpleRnn;
import dev.tartan.op.SimpleRnnGrad;
import dev.tartan.plan.DeviceKind;
import dev.tartan.plan.DeviceProfile;
import java.lang.management.ManagementFactory;
import java.util.List;
import org.nd4j.linalg.api.ops.executioner.OpExecutioner;
import org.nd4j.linalg.factory.Nd4j;

/** Devices whose kernels are ND4J's: CPU with nd4j-native, GPU with nd4j-cuda on the class path. */
public final class Nd4jBackend implements Backend {
    private final int threadsPerDevice;
    private final KernelLibrary kernels;
    private final DeviceProfile profile;

    /**
     * Loads ND4J.
     *
     * @param threadsPerDevice cores that each device thread may use; cores divided by the devices in this process
     * @throws IllegalArgumentException if that is not positive
     */
    public Nd4jBackend(int threadsPerDevice) {
        if (threadsPerDevice < 1) {
            throw new IllegalArgumentException(
                    "device has no thread: threadsPerDevice=" + threadsPerDevice + ". Give at least 1.");
        }
        NativeSelection.apply();
        this.threadsPerDevice = threadsPerDevice;
        // ND4J's own loops take their threads from a pool of the process, OpenMP's are set by Device.attachThread.
        Nd4j.getEnvironment().setMaxMasterThreads(threadsPerDevice);
        boolean onCpu = Nd4j.getExecutioner().type() == OpExecutioner.ExecutionerType.NATIVE_CPU;
        this.profile = onCpu
                ? DeviceProfile.CPU.withMemory(memoryOfMachine())
                : new DeviceProfile(
                        DeviceKind.ND4J_CUDA,
                        "GPU",
                        0,
                        false,
                        DeviceProfile.STAGING_CHUNK_BYTES,
                        List.of(DType.FLOAT32, DType.FLOAT64, DType.INT32, DType.BOOL),
                        false);
        KernelTable.Builder table = Nd4jKernels.primitives();
        if (onCpu) {
            Workers workers = new Workers(threadsPerDevice);
            HostKernels.preferIn(table, workers)
                    .prefer(Attention.class, AttentionKernels.forward(workers))
                    .prefer(AttentionGrad.class, AttentionKernels.gradient(workers))
                    .prefer(Lstm.class, RecurrentKernels.lstm(workers))
                    .prefer(LstmGrad.class, RecurrentKernels.lstmGrad(workers))
                    .prefer(SimpleRnn.class, RecurrentKernels.simpleRnn(workers))
                    .prefer(SimpleRnnGrad.class, RecurrentKernels.simpleRnnGrad(workers))
                    .prefer(Conv2d.class, ConvBlockKernels.forward(workers))
                    .prefer(ConvTranspose2d.class, ConvBlockKernels.transposed(workers))
                    .prefer(Conv2dFilterGrad.class, ConvBlockKernels.filterGradient(workers))
                    .prefer(DepthwiseConv2d.class, DepthwiseSampleKernels.forward(workers))
                    .prefer(DepthwiseConvTranspose2d.class, DepthwiseSampleKernels.transposed(workers))
                    .prefer(DepthwiseConv2dFilterGrad.class, DepthwiseSampleKernels.filterGradient(workers));
        }
        this.kernels = table.build();
    }

    private static long memoryOfMachine() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean system
                ? system.getTotalMemorySize()
                : 0;
    }

    /** A backend whose devices share the cores of this machine evenly. */
    public static Nd4jBackend forDevices(int devicesInProcess) {
        return new Nd4jBackend(Math.max(1, Runtime.getRuntime().availableProcessors() / devicesInProcess));
    }

    @Override
    public Device device(int index) {
        if (index < 0) {
            throw new IllegalArgumentException("device does not exist: index=" + index + ". Give 0 or more.");
        }
        return new Nd4jDevice(this, index);
    }

    @Override
    public DeviceProfile profile() {
        return profile;
    }

    @Override
    public KernelLibrary kernels() {
        return kernels;
    }

    int threadsPerDevice() {
        return threadsPerDevice;
    }
}
