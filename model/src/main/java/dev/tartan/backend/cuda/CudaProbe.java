package dev.tartan.backend.cuda;

import java.io.IOException;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Looks for a CUDA driver without loading anything: the library where the system's loader looks for it, and the
 * kernel's part of the driver as a device file.
 */
final class CudaProbe {
    private static final String LIBRARY = "libcuda.so.1";

    /** A library that is there only to be linked against lacks it. */
    private static final String FUNCTION = "cuInit";

    private static final List<String> DEVICE_FILES = List.of("dev/nvidiactl", "dev/dxg");
    private static final List<String> FOLDERS = List.of(
            "usr/lib/x86_64-linux-gnu",
            "lib/x86_64-linux-gnu",
            "usr/lib64",
            "lib64",
            "usr/lib",
            "lib",
            "usr/local/nvidia/lib64",
            "usr/local/nvidia/lib",
            "usr/local/cuda/compat",
            "usr/lib/wsl/lib");

    private final Path root;
    private final @Nullable String searchPath;

    /**
     * Looks at a file system.
     *
     * @param root its folder at the top
     * @param searchPath folders with colons between them, as {@code LD_LIBRARY_PATH}; may be null
     */
    CudaProbe(Path root, @Nullable String searchPath) {
        this.root = root;
        this.searchPath = searchPath;
    }

    /** Looks at this machine. */
    static CudaProbe ofMachine() {
        return new CudaProbe(Path.of("/"), System.getenv("LD_LIBRARY_PATH"));
    }

    /** Why no GPU can be used, for example {@code no libcuda.so.1 is found}; null if one may be. */
    @Nullable
    String obstacle() {
        boolean isEmpty = false;
        boolean found = false;
        for (Path folder : folders()) {
            Path library = folder.resolve(LIBRARY);
            if (Files.isReadable(library)) {
                found = contains(library, FUNCTION);
                isEmpty = !found;
                // The loader takes the first.
                break;
            }
        }
        if (isEmpty) {
            return LIBRARY + " is a stub";
        }
        if (!found) {
            return "no " + LIBRARY + " is found";
        }
        return DEVICE_FILES.stream().noneMatch(file -> Files.exists(root.resolve(file)))
                ? "there is no /dev/nvidiactl"
                : null;
    }

    private List<Path> folders() {
        List<Path> folders = new ArrayList<>();
        if (searchPath != null) {
            for (String folder : searchPath.split(":", -1)) {
                if (!folder.isEmpty()) {
                    folders.add(Path.of(folder));
                }
            }
        }
        folders.addAll(configured());
        FOLDERS.forEach(folder -> folders.add(root.resolve(folder)));
        return folders;
    }

    /** What the loader's configuration names. */
    private List<Path> configured() {
        List<Path> folders = new ArrayList<>();
        Path configs = root.resolve("etc/ld.so.conf.d");
        if (!Files.isDirectory(configs)) {
            return folders;
        }
        try (var files = Files.newDirectoryStream(configs, "*.conf")) {
            for (Path file : files) {
                for (String line : Files.readAllLines(file, StandardCharsets.ISO_8859_1)) {
                    if (line.startsWith("/")) {
                        folders.add(root.resolve(line.strip().substring(1)));
                    }
                }
            }
        } catch (IOException e) {
            // Folders that cannot be read are none of the loader's either.
            return folders;
        }
        return folders;
    }

    private static boolean contains(Path file, String text) {
        byte[] sought = text.getBytes(StandardCharsets.US_ASCII);
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
            MappedByteBuffer bytes =
                    channel.map(FileChannel.MapMode.READ_ONLY, 0, Math.min(channel.size(), Integer.MAX_VALUE));
            for (int i = 0; i + sought.length < bytes.limit(); i++) {
                int same = 0;
                while (same < sought.length && bytes.get(i + same) == sought[same]) {
                    same++;
                }
                if (same == sought.length && bytes.get(i + same) == 0) {
                    return true;
                }
            }
            return false;
        } catch (IOException e) {
            return false;
        }
    }
}
