package dev.tartan.spark.filesystem;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;

/** What is in a folder of a store, and what the store tells of a file. */
final class StoreListing {
    private StoreListing() {}

    /** The entries of a folder, all read at once. */
    static DirectoryStream<Path> of(StorePath folder, DirectoryStream.Filter<? super Path> filter) throws IOException {
        List<Path> entries = new ArrayList<>();
        try {
            FileSystem hadoop = folder.getFileSystem().hadoop();
            if (!hadoop.getFileStatus(folder.hadoop()).isDirectory()) {
                throw new NotDirectoryException(folder.toString());
            }
            for (FileStatus status : hadoop.listStatus(folder.hadoop())) {
                StorePath entry = folder.listed(status);
                if (filter.accept(entry)) {
                    entries.add(entry);
                }
            }
        } catch (IOException e) {
            throw StoreFailures.translate(folder, e);
        }
        return new Entries(entries);
    }

    /**
     * What the store tells of a file; of an entry of a folder, what it told when the folder was listed.
     *
     * @throws StoreException if the store fails to answer
     */
    static StoreAttributes attributes(StorePath path) throws IOException {
        FileStatus listed = path.listed();
        if (listed != null) {
            return new StoreAttributes(listed);
        }
        try {
            return new StoreAttributes(path.getFileSystem().hadoop().getFileStatus(path.hadoop()));
        } catch (IOException e) {
            throw StoreFailures.answer(path, e);
        }
    }

    /** Entries in memory, iterated over once, as a directory stream may be. */
    private static final class Entries implements DirectoryStream<Path> {
        private final List<Path> entries;
        private boolean used;

        Entries(List<Path> entries) {
            this.entries = entries;
        }

        @Override
        public Iterator<Path> iterator() {
            if (used) {
                throw new IllegalStateException("entries of a folder can be iterated over once.");
            }
            used = true;
            return List.copyOf(entries).iterator();
        }

        @Override
        public void close() {
            used = true;
        }
    }
}
