package dev.tartan.spark.filesystem;

import java.io.IOException;
import java.nio.file.attribute.BasicFileAttributeView;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import org.jspecify.annotations.Nullable;

/** Reads what a store tells of a file, and sets the time of its last change where the store keeps one. */
record StoreAttributeView(StorePath path) implements BasicFileAttributeView {
    /** Hadoop's word for a time that stays as it is. */
    private static final long UNCHANGED = -1;

    @Override
    public String name() {
        return "basic";
    }

    @Override
    public BasicFileAttributes readAttributes() throws IOException {
        return StoreListing.attributes(path);
    }

    @Override
    public void setTimes(
            @Nullable FileTime lastModifiedTime, @Nullable FileTime lastAccessTime, @Nullable FileTime createTime)
            throws IOException {
        try {
            long modified = lastModifiedTime == null ? UNCHANGED : lastModifiedTime.toMillis();
            path.getFileSystem().hadoop().setTimes(path.hadoop(), modified, UNCHANGED);
        } catch (IOException e) {
            throw StoreFailures.translate(path, e);
        }
    }
}
