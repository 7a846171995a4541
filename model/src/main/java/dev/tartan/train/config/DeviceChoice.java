package dev.tartan.train.config;

import dev.tartan.plan.DeviceKind;

/** What the user says that a run uses. */
public enum DeviceChoice {
    /** The CPU, as long as nothing else has been seen to be better. */
    AUTO,
    CPU,
    ND4J_CUDA,
    CUDA;

    /**
     * The kind of device that is meant.
     *
     * @throws IllegalArgumentException if this build of Tartan has no backend for it
     */
    public DeviceKind kind() {
        return switch (this) {
            // The backend for GPUs has not run on one yet.
            case AUTO, CPU -> DeviceKind.CPU;
            case ND4J_CUDA -> throw missing(DeviceKind.ND4J_CUDA, "an assembly with ND4J's CUDA kernels");
            case CUDA -> DeviceKind.CUDA;
        };
    }

    private static IllegalArgumentException missing(DeviceKind kind, String what) {
        return new IllegalArgumentException("device cannot be used, since this build of Tartan lacks " + what
                + ": device=" + kind + ". Choose device=cpu or device=auto.");
    }
}
