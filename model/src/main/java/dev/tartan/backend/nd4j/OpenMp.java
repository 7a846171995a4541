package dev.tartan.backend.nd4j;

import org.nd4j.nativeblas.NativeOpsHolder;

/** The number of OpenMP threads that native kernels called by the current thread may use. */
final class OpenMp {
    private OpenMp() {}

    static void setThreads(int numThreads) {
        NativeOpsHolder.getInstance().getDeviceNativeOps().setOmpNumThreads(numThreads);
    }
}
