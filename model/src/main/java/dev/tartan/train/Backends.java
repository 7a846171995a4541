package dev.tartan.train;

import dev.tartan.backend.Backend;
import dev.tartan.backend.cuda.CudaBackend;
import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.plan.DeviceKind;
import dev.tartan.plan.DeviceTraits;
import dev.tartan.train.config.DeviceChoice;

/** Makes backends by name, whatever lies on the class path beside them. */
public final class Backends {
    private Backends() {}

    /**
     * A backend to plan for, and to run one device of it here.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static Backend of(DeviceChoice choice) {
        return of(choice.kind(), 1);
    }

    /**
     * What a plan needs to know of a device, which this machine need not have.
     *
     * @throws IllegalArgumentException if there is no backend for it
     */
    public static DeviceTraits traits(DeviceChoice choice) {
        return choice.kind() == DeviceKind.CUDA ? CudaBackend.TRAITS : of(choice);
    }

    /**
     * The backend for devices of this kind.
     *
     * @param devices ranks that share this machine
     * @throws IllegalArgumentException if there is none, or another one gets into its way
     */
    public static Backend of(DeviceKind kind, int devices) {
        if (kind == DeviceKind.CUDA) {
            return CudaBackend.open();
        }
        if (kind != DeviceKind.CPU) {
            throw new IllegalArgumentException(
                    "device has no backend: device=" + kind + ". Use a build of Tartan that has one.");
        }
        Backend backend = Nd4jBackend.forDevices(devices);
        if (backend.profile().kind() != kind) {
            throw new IllegalArgumentException("ND4J has loaded another backend than the one for the CPU: device="
                    + kind + ", loaded=" + backend.profile().kind() + ". Take nd4j-cuda off the class path.");
        }
        return backend;
    }
}
