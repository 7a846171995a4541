package dev.tartan.train.data;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What a path stands for once links are followed: two paths name one file exactly if these are equal. */
final class RealPath {
    private RealPath() {}

    /** The real path of a file or folder, also of one that is yet to be made below what exists. */
    static Path of(Path path) throws IOException {
        Path absolute = path.toAbsolutePath();
        if (Files.exists(absolute)) {
            return absolute.toRealPath();
        }
        Path parent = absolute.getParent();
        Path name = absolute.getFileName();
        return parent == null || name == null
                ? absolute.normalize()
                : of(parent).resolve(name).normalize();
    }
}
