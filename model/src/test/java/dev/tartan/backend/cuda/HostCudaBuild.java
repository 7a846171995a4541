package dev.tartan.backend.cuda;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** Compiles the CUDA sources for the CPU, once for each state of them, and loads the library. */
final class HostCudaBuild {
    /** The first line of each file that is compiled. */
    private static final String PRELUDE = "#include \"host_launch.h\"\n";

    private static final List<String> SHIM =
            List.of("host_cuda.h", "host_launch.h", "host_launch.cpp", "host_driver.cpp");
    private static final String FLAGS = "-O1 -std=c++17 -fPIC -ffp-contract=off -w";

    private static @Nullable String compiler;
    private static boolean loaded;
    /** Kernels that are in a loaded library. */
    private static final Set<KernelName> KERNELS = new HashSet<>();

    private HostCudaBuild() {}

    /** Loads the library; skips the test, and says so, where there is no C++ compiler. */
    static synchronized void require() {
        if (loaded) {
            return;
        }
        if (compiler == null) {
            compiler = Tool.find("g++");
        }
        Tool.requireOrSkip(compiler, "g++", "the CUDA kernels are not tested on the CPU");
        assumeTrue(System.getProperty("os.arch").equals("amd64"), "host_cuda.h is for x86-64");
        try {
            System.load(build(compiler).toString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        KERNELS.addAll(KernelCatalog.all());
        loaded = true;
    }

    /** Loads the library, and for a chain that is not in it one of its own, which is made if there is none yet. */
    static synchronized void require(KernelName kernel) {
        require();
        if (kernel.source() == CudaSource.CHAIN && KERNELS.add(kernel)) {
            try {
                System.load(buildChain(kernel).toString());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    private static Path buildChain(KernelName kernel) throws IOException {
        Path folder = build(compiler).getParent();
        String name = "chain-" + hash(Map.of("kernel", kernel.expression()));
        Path library = folder.resolve(name + ".so");
        if (!Files.exists(library)) {
            Path making = Files.createTempDirectory(folder, name);
            String source = kernel.source().fileName();
            Files.writeString(making.resolve("chain.cpp"), table(source, List.of(kernel.expression())));
            Tool.run(
                    making,
                    List.of(
                            "bash",
                            "-c",
                            compiler + " " + FLAGS + " -I.. -shared chain.cpp -o chain.so"
                                    + " ../libhostcuda.so -Wl,-rpath," + folder));
            Files.move(
                    making.resolve("chain.so"),
                    library,
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
        }
        return library;
    }

    /** The library again, with the functions of CUDA's driver in it, under the name of a driver. */
    static synchronized void driver(Path library) throws IOException {
        compiler = Tool.find("g++");
        Tool.requireOrSkip(compiler, "g++", "no driver is made for CUDA's presets");
        Files.createDirectories(library.getParent());
        Files.copy(build(compiler), library, StandardCopyOption.REPLACE_EXISTING);
    }

    @SuppressWarnings("try") // The lock is held, not used.
    private static Path build(String compiler) throws IOException {
        Map<String, String> files = files();
        Path folder = Path.of("target", "host-cuda", hash(files)).toAbsolutePath();
        Path library = folder.resolve("libhostcuda.so");
        if (Files.exists(library)) {
            return library;
        }
        Files.createDirectories(folder);
        // Another process of the tests may be at it.
        try (FileChannel lock =
                        FileChannel.open(folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock held = lock.lock()) {
            return Files.exists(library) ? library : build(compiler, files, folder, library);
        }
    }

    private static Path build(String compiler, Map<String, String> files, Path folder, Path library)
            throws IOException {
        for (Map.Entry<String, String> file : files.entrySet()) {
            Files.writeString(folder.resolve(file.getKey()), file.getValue());
        }
        List<String> objects = new ArrayList<>();
        StringBuilder make = new StringBuilder("rm -f failures\n");
        for (String name : files.keySet()) {
            if (name.endsWith(".cpp")) {
                String object = name.replace(".cpp", ".o");
                objects.add(object);
                make.append("(%s %s -I. -c %s -o %s || echo failed >>failures) &\n"
                        .formatted(compiler, FLAGS, name, object));
                if (objects.size() % 2 == 0) {
                    make.append("wait\n");
                }
            }
        }
        make.append("wait\n[ ! -e failures ] && ")
                .append(compiler)
                .append(" -shared -o making.so ")
                .append(String.join(" ", objects))
                .append('\n');
        Tool.run(folder, List.of("bash", "-c", make.toString()));
        Files.move(folder.resolve("making.so"), library, StandardCopyOption.ATOMIC_MOVE);
        return library;
    }

    /** The sources, headers and shim, and for each source a file that puts its kernels into the table. */
    private static Map<String, String> files() {
        Map<String, String> files = new TreeMap<>();
        for (String name : SHIM) {
            files.put(name, CudaSource.text(name));
        }
        for (String name : CudaSource.HEADERS) {
            files.put(name, CudaSource.text(name));
        }
        for (CudaSource source : CudaSource.values()) {
            files.put(source.fileName(), source.text());
            List<String> names = new ArrayList<>();
            for (KernelName kernel : KernelCatalog.all()) {
                if (kernel.source() == source) {
                    names.add(kernel.expression());
                }
            }
            files.put(source.fileName().replace(".cu", ".cpp"), table(source.fileName(), names));
        }
        files.put("faulty_kernels.cu", CudaSource.text("faulty_kernels.cu"));
        files.put("faulty_kernels.cpp", table("faulty_kernels.cu", FaultyKernels.NAMES));
        return files;
    }

    private static String table(String source, List<String> names) {
        StringBuilder text =
                new StringBuilder(PRELUDE).append("#include \"" + source + "\"\nstatic const int added[] = {\n");
        for (String name : names) {
            text.append("    host_cuda::add(\"%s\", %s),\n".formatted(name, name));
        }
        return text.append("};\n").toString();
    }

    private static String hash(Map<String, String> files) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            files.forEach((name, text) -> digest.update((name + "\0" + text + "\0").getBytes(StandardCharsets.UTF_8)));
            digest.update(FLAGS.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest.digest(), 0, 8);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
