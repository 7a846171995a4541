package dev.tartan.spark.filesystem;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import org.apache.hadoop.fs.ParentNotDirectoryException;
import org.apache.hadoop.fs.PathIsNotEmptyDirectoryException;
import org.apache.hadoop.ipc.RemoteException;
import org.apache.hadoop.security.AccessControlException;

/** Hadoop's exceptions as those of {@code java.nio.file}. */
final class StoreFailures {
    private StoreFailures() {}

    /** The exception for the failure of an operation on {@code path}; itself if it is one of {@code java.nio.file}. */
    static IOException translate(StorePath path, IOException failure) {
        IOException cause = failure instanceof RemoteException remote ? remote.unwrapRemoteException() : failure;
        if (cause instanceof FileSystemException) {
            return cause;
        }
        FileSystemException translated;
        String file = path.toString();
        if (cause instanceof FileNotFoundException) {
            translated = new NoSuchFileException(file);
        } else if (cause instanceof org.apache.hadoop.fs.FileAlreadyExistsException) {
            translated = new FileAlreadyExistsException(file);
        } else if (cause instanceof ParentNotDirectoryException) {
            translated = new NotDirectoryException(file);
        } else if (cause instanceof PathIsNotEmptyDirectoryException) {
            translated = new DirectoryNotEmptyException(file);
        } else if (cause instanceof AccessControlException) {
            translated = new AccessDeniedException(file, null, reason(cause));
        } else {
            translated = new FileSystemException(file, null, reason(cause));
        }
        translated.initCause(cause);
        return translated;
    }

    /**
     * As {@link #translate} for what asks whether a file is there.
     *
     * @throws StoreException if the store failed to answer
     */
    static IOException answer(StorePath path, IOException failure) {
        IOException translated = translate(path, failure);
        boolean answered = translated instanceof NoSuchFileException
                || translated instanceof AccessDeniedException
                || translated instanceof NotDirectoryException;
        if (answered) {
            return translated;
        }
        throw new StoreException(path, translated);
    }

    /** The first line of what Hadoop says, without its links to a wiki. */
    static String reason(IOException cause) {
        if (cause instanceof FileSystemException known && known.getReason() != null) {
            return known.getReason();
        }
        String message = String.valueOf(cause.getMessage());
        String line = message.lines().findFirst().orElse("");
        int wiki = line.indexOf("; For more details see:");
        return wiki < 0 ? line : line.substring(0, wiki);
    }
}
