package dev.tartan.spark.filesystem;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** Makes, removes, renames and copies files and folders of a store. */
final class StoreChanges {
    private StoreChanges() {}

    /**
     * Makes a folder, and those above it that are missing.
     *
     * @throws StoreException if the store fails to answer whether it is there: Java would ask for the folders above
     *     next, and name the last of them
     */
    static void createFolder(StorePath path) throws IOException {
        FileSystem hadoop;
        boolean exists;
        try {
            hadoop = path.getFileSystem().hadoop();
            exists = hadoop.exists(path.hadoop());
        } catch (IOException e) {
            throw StoreFailures.answer(path, e);
        }
        try {
            if (exists) {
                throw new FileAlreadyExistsException(path.toString());
            }
            if (!hadoop.mkdirs(path.hadoop())) {
                throw new FileSystemException(path.toString(), null, "the store did not make the folder");
            }
        } catch (IOException e) {
            throw StoreFailures.translate(path, e);
        }
    }

    /** Removes a file or an empty folder. */
    static void delete(StorePath path) throws IOException {
        try {
            FileSystem hadoop = path.getFileSystem().hadoop();
            FileStatus status = hadoop.getFileStatus(path.hadoop());
            if (status.isDirectory() && hadoop.listStatus(path.hadoop()).length > 0) {
                throw new DirectoryNotEmptyException(path.toString());
            }
            if (!hadoop.delete(path.hadoop(), false) && hadoop.exists(path.hadoop())) {
                throw new FileSystemException(path.toString(), null, "the store did not remove it");
            }
        } catch (IOException e) {
            throw StoreFailures.translate(path, e);
        }
    }

    /** Renames a file or folder; what was at {@code target} is removed first. */
    static void move(StorePath source, StorePath target, boolean replace) throws IOException {
        if (source.equals(target)) {
            return;
        }
        FileSystem hadoop = sameStore(source, target);
        try {
            Path from = source.hadoop();
            if (!hadoop.exists(from)) {
                throw new NoSuchFileException(source.toString());
            }
            // Hadoop would move a file into a folder that is there.
            makeWay(target, replace);
            // Hadoop says false for whatever it does not explain.
            if (!hadoop.rename(from, target.hadoop())) {
                throw new FileSystemException(
                        source.toString(), target.toString(), "the store did not rename it to " + target);
            }
        } catch (IOException e) {
            throw StoreFailures.translate(source, e);
        }
    }

    /** Copies a file through this process, or makes a folder as {@code source} is one. */
    static void copy(StorePath source, StorePath target, boolean replace) throws IOException {
        if (source.equals(target)) {
            return;
        }
        FileSystem from = source.getFileSystem().hadoop();
        FileSystem to = target.getFileSystem().hadoop();
        try {
            boolean isFolder = from.getFileStatus(source.hadoop()).isDirectory();
            makeWay(target, replace);
            if (isFolder) {
                createFolder(target);
                return;
            }
            try (InputStream in = from.open(source.hadoop());
                    OutputStream out = to.create(target.hadoop(), replace)) {
                in.transferTo(out);
            }
        } catch (IOException e) {
            throw StoreFailures.translate(source, e);
        }
    }

    private static void makeWay(StorePath target, boolean replace) throws IOException {
        if (!target.getFileSystem().hadoop().exists(target.hadoop())) {
            return;
        }
        if (!replace) {
            throw new FileAlreadyExistsException(target.toString());
        }
        delete(target);
    }

    private static FileSystem sameStore(StorePath source, StorePath target) throws IOException {
        if (!source.getFileSystem().equals(target.getFileSystem())) {
            throw new FileSystemException(
                    source.toString(), target.toString(), "files cannot be renamed from one store to another");
        }
        return source.getFileSystem().hadoop();
    }
}
