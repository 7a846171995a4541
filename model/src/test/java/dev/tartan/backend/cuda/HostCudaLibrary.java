package dev.tartan.backend.cuda;

/** The functions of {@code host_launch.cpp}; addresses of texts that end with a zero. */
final class HostCudaLibrary {
    private HostCudaLibrary() {}

    static native long signature(long name);

    static native long launch(
            long name, int gx, int gy, int gz, int bx, int by, int bz, int sharedBytes, long parameters, long seed);

    static native void skip(long file, int line);

    static native long met();
}
