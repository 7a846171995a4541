package dev.tartan.backend.nd4j;

import java.util.Set;

/** A build of ND4J's CPU library, best first. */
public enum NativeVariant {
    /** oneDNN compiled for the AVX-512 of Skylake servers and later. */
    ONEDNN_AVX512("-onednn-avx512", Set.of("avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl")),
    /** oneDNN compiled for AVX2 and fused multiply-add. */
    ONEDNN_AVX2("-onednn-avx2", Set.of("avx2", "fma")),
    /** No oneDNN; float32 matmul runs at a half to a fifth of the others' rate. */
    PLAIN("-", Set.of());

    private static final String BINDINGS = "org/nd4j/linalg/cpu/nativecpu/bindings/linux-x86_64";

    private final String extension;

    @SuppressWarnings("ImmutableEnumChecker") // all of them are made by Set.of
    private final Set<String> requiredCpuFlags;

    NativeVariant(String extension, Set<String> requiredCpuFlags) {
        this.extension = extension;
        this.requiredCpuFlags = requiredCpuFlags;
    }

    /** Returns JavaCPP's platform extension for this build, starting with a dash. */
    public String extension() {
        return extension;
    }

    /** Returns whether a CPU with these {@code /proc/cpuinfo} flags can run this build. */
    boolean runsOn(Set<String> cpuFlags) {
        return cpuFlags.containsAll(requiredCpuFlags);
    }

    /** Returns the folder of this build's libraries on the class path. */
    String resourceFolder() {
        return this == PLAIN ? BINDINGS : BINDINGS + extension;
    }

    /** Returns whether this build's jar is on the class path. */
    boolean isOnClassPath() {
        return NativeVariant.class.getClassLoader().getResource(resourceFolder() + "/libnd4jcpu.so") != null;
    }
}
