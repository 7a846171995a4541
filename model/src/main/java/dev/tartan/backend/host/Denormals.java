package dev.tartan.backend.host;

import com.sun.jna.Function;
import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Floats below 1.2e-38 and doubles below 2.2e-308, with which CPUs compute some 100 times as slowly as with others.
 * Training makes them: the moments of a parameter without gradients shrink by a factor each step, and weights by decay.
 * TensorFlow takes them for 0 in its threads, too.
 */
public final class Denormals {
    private static final Logger LOG = LoggerFactory.getLogger(Denormals.class);
    private static final String LIBRARY = "libm.so.6";

    /** Enough for the floating-point environment of any platform. */
    private static final int ENVIRONMENT_BYTES = 256;

    /** In glibc's fenv_t for x86-64, after seven words of the x87 unit. */
    private static final int MXCSR_OFFSET = 28;

    /** Results that are denormal become 0 (bit 15), and so do operands (bit 6). */
    private static final int MXCSR_FLUSH = 1 << 15 | 1 << 6;

    /** The first word of glibc's fenv_t for aarch64. */
    private static final int FPCR_OFFSET = 0;

    private static final int FPCR_FLUSH = 1 << 24;

    private static final AtomicBoolean WARNED = new AtomicBoolean();

    private Denormals() {}

    /**
     * Takes denormals for 0 from now on in the calling thread, up to the end of the method that the JVM called in it,
     * and in threads that native code starts from it. Where that cannot be done a warning is logged once.
     */
    public static void flush() {
        try {
            if (!Platform.isLinux() || !Platform.is64Bit()) {
                warn("platform is not 64-bit Linux");
            } else if (Platform.isIntel()) {
                set(MXCSR_OFFSET, MXCSR_FLUSH);
            } else if (Platform.isARM()) {
                set(FPCR_OFFSET, FPCR_FLUSH);
            } else {
                warn("CPU is unknown: " + Platform.ARCH);
            }
        } catch (LinkageError | RuntimeException e) {
            warn(e.toString());
        }
    }

    private static void set(int offset, int bits) {
        NativeLibrary math = NativeLibrary.getInstance(LIBRARY);
        Function get = math.getFunction("fegetenv");
        Function set = math.getFunction("fesetenv");
        try (Memory environment = new Memory(ENVIRONMENT_BYTES)) {
            int failed = get.invokeInt(new Object[] {environment});
            environment.setInt(offset, environment.getInt(offset) | bits);
            failed |= set.invokeInt(new Object[] {environment});
            if (failed != 0) {
                warn("fesetenv failed");
            }
        }
    }

    private static void warn(String reason) {
        if (!WARNED.getAndSet(true)) {
            LOG.warn("denormal numbers are computed with, which is slow where training makes them: reason={}.", reason);
        }
    }
}
