package dev.tartan.backend.cuda;

import static org.bytedeco.cuda.global.nvrtc.*;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.cuda.nvrtc._nvrtcProgram;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.javacpp.SizeTPointer;

/** Compiles kernels at run time, once for each state of their sources, each GPU's architecture and each compiler. */
final class BytedecoNvrtc {
    private final String architecture;
    private final String version;
    private final KernelCache cache;

    /**
     * A compiler for one kind of GPU.
     *
     * @param capability of the GPU, for example 90
     */
    BytedecoNvrtc(int capability, KernelCache cache) {
        int[] major = new int[1];
        int[] minor = new int[1];
        check(nvrtcVersion(major, minor), "nvrtcVersion");
        this.version = major[0] + "." + minor[0];
        this.architecture = architecture(capability);
        this.cache = cache;
    }

    /** Machine code for the GPU itself if the compiler knows it, else PTX for the newest before it. */
    private static String architecture(int capability) {
        int[] count = new int[1];
        check(nvrtcGetNumSupportedArchs(count), "nvrtcGetNumSupportedArchs");
        int[] known = new int[count[0]];
        check(nvrtcGetSupportedArchs(known), "nvrtcGetSupportedArchs");
        if (IntStream.of(known).anyMatch(one -> one == capability)) {
            return "sm_" + capability;
        }
        int newest = IntStream.of(known)
                .filter(one -> one < capability)
                .max()
                .orElseThrow(() -> new IllegalStateException("NVRTC compiles for no such GPU: capability=" + capability
                        + ", known=" + IntStream.of(known).boxed().toList() + ". Use a CUDA version that does."));
        return "compute_" + newest;
    }

    private static void check(int code, String call) {
        if (code != NVRTC_SUCCESS) {
            throw new IllegalStateException("NVRTC call failed: call=" + call + ", error="
                    + nvrtcGetErrorString(code).getString() + ".");
        }
    }

    /** The kernel, from the cache if it is there. */
    KernelImage compile(KernelName kernel) {
        List<String> parts = new ArrayList<>(List.of("nvrtc " + version, architecture, kernel.expression()));
        parts.add(kernel.source().text());
        CudaSource.HEADERS.forEach(name -> parts.add(CudaSource.text(name)));
        return cache.get(parts, () -> compileNow(kernel));
    }

    private KernelImage compileNow(KernelName kernel) {
        _nvrtcProgram program = new _nvrtcProgram();
        List<BytePointer> texts = new ArrayList<>();
        int numHeaders = CudaSource.HEADERS.size();
        try (PointerPointer<BytePointer> headers = new PointerPointer<>(numHeaders);
                PointerPointer<BytePointer> names = new PointerPointer<>(numHeaders);
                BytePointer expression = text(kernel.expression())) {
            for (int i = 0; i < numHeaders; i++) {
                texts.add(text(CudaSource.text(CudaSource.HEADERS.get(i))));
                headers.put(i, texts.get(texts.size() - 1));
                texts.add(text(CudaSource.HEADERS.get(i)));
                names.put(i, texts.get(texts.size() - 1));
            }
            BytePointer source = text(kernel.source().text());
            BytePointer name = text(kernel.source().fileName());
            texts.addAll(List.of(source, name));
            check(
                    nvrtcCreateProgram(program, source, name, numHeaders, headers, names),
                    "nvrtcCreateProgram of " + kernel);
            check(nvrtcAddNameExpression(program, expression), "nvrtcAddNameExpression of " + kernel);
            return compile(program, kernel, expression);
        } finally {
            nvrtcDestroyProgram(program);
            texts.forEach(BytePointer::close);
        }
    }

    private KernelImage compile(_nvrtcProgram program, KernelName kernel, BytePointer expression) {
        List<BytePointer> texts = List.of(
                text("--gpu-architecture=" + architecture),
                text("--std=c++17"),
                text("--device-as-default-execution-space"));
        try (PointerPointer<BytePointer> options = new PointerPointer<>(texts.size());
                SizeTPointer size = new SizeTPointer(1);
                PointerPointer<BytePointer> symbol = new PointerPointer<>(1)) {
            for (int i = 0; i < texts.size(); i++) {
                options.put(i, texts.get(i));
            }
            int code = nvrtcCompileProgram(program, texts.size(), options);
            if (code != NVRTC_SUCCESS) {
                throw new IllegalStateException("kernel does not compile: kernel=" + kernel + ", architecture="
                        + architecture + ", nvrtc=" + version + ", log=" + log(program, size));
            }
            check(nvrtcGetLoweredName(program, expression, symbol), "nvrtcGetLoweredName of " + kernel);
            String name = symbol.get(BytePointer.class, 0).getString(StandardCharsets.UTF_8);
            return new KernelImage(name, image(program, size));
        } finally {
            texts.forEach(BytePointer::close);
        }
    }

    private byte[] image(_nvrtcProgram program, SizeTPointer size) {
        boolean isMachineCode = architecture.startsWith("sm_");
        check(isMachineCode ? nvrtcGetCUBINSize(program, size) : nvrtcGetPTXSize(program, size), "size of the image");
        byte[] image = new byte[Math.toIntExact(size.get())];
        check(isMachineCode ? nvrtcGetCUBIN(program, image) : nvrtcGetPTX(program, image), "image");
        return image;
    }

    private static String log(_nvrtcProgram program, SizeTPointer size) {
        check(nvrtcGetProgramLogSize(program, size), "nvrtcGetProgramLogSize");
        byte[] log = new byte[Math.toIntExact(size.get())];
        check(nvrtcGetProgramLog(program, log), "nvrtcGetProgramLog");
        return new String(log, StandardCharsets.UTF_8).trim();
    }

    private static BytePointer text(String value) {
        return new BytePointer(value, StandardCharsets.UTF_8);
    }

    /** For example {@code NVRTC 12.6 for sm_90}. */
    @Override
    public String toString() {
        return "NVRTC " + version + " for " + architecture;
    }
}
