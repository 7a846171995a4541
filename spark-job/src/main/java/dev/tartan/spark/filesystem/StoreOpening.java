package dev.tartan.spark.filesystem;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.NoSuchFileException;
import java.nio.file.OpenOption;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;

/** Opens files of a store. */
final class StoreOpening {
    private StoreOpening() {}

    /** A file for reading at any position. */
    static StoreReadChannel read(StorePath path) throws IOException {
        try {
            FileSystem hadoop = path.getFileSystem().hadoop();
            FileStatus status = hadoop.getFileStatus(path.hadoop());
            FSDataInputStream in = hadoop.open(path.hadoop());
            return new StoreReadChannel(path, in, status.getLen());
        } catch (IOException e) {
            throw StoreFailures.translate(path, e);
        }
    }

    /**
     * A new file for writing from its beginning to its end, in place of an earlier one if the options allow that.
     *
     * @throws UnsupportedOperationException if the options ask to add to a file or to write into one
     */
    static OutputStream write(StorePath path, Set<? extends OpenOption> options) throws IOException {
        boolean anew = options.contains(StandardOpenOption.CREATE_NEW);
        boolean create = anew || options.contains(StandardOpenOption.CREATE);
        if (options.contains(StandardOpenOption.APPEND)) {
            throw new UnsupportedOperationException("files of a store cannot be added to: path=" + path
                    + ". Keep one stream open until all is written.");
        }
        if (options.contains(StandardOpenOption.READ)
                || (!anew && !options.contains(StandardOpenOption.TRUNCATE_EXISTING))) {
            throw new UnsupportedOperationException("files of a store cannot be changed in place: path=" + path
                    + ", options=" + options + ". Write the whole file again.");
        }
        try {
            FileSystem hadoop = path.getFileSystem().hadoop();
            if (!create && !hadoop.exists(path.hadoop())) {
                throw new NoSuchFileException(path.toString());
            }
            return new StoreOutputStream(path, hadoop.create(path.hadoop(), !anew));
        } catch (IOException e) {
            throw StoreFailures.translate(path, e);
        }
    }
}
