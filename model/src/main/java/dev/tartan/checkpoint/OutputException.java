package dev.tartan.checkpoint;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/** A file of the run's output could not be written: the disk is full, the folder read-only, and so on. */
public final class OutputException extends UncheckedIOException {
    private static final long serialVersionUID = 1;

    private OutputException(String message, IOException cause) {
        super(message, cause);
    }

    /** The exception for a failure to write {@code path}, whose message is one line that says why and what to do. */
    public static OutputException cannotWrite(Path path, IOException cause) {
        return new OutputException(
                "output file cannot be written: path=" + path + ", reason=" + reason(cause) + ". " + advice(cause),
                cause);
    }

    /**
     * The exception of a run whose folder is another run's now.
     *
     * @param holder what the lease of that one says; empty if there is none any more
     */
    public static OutputException lost(Path folder, List<String> holder) {
        return new OutputException(
                (holder.isEmpty()
                                ? "output folder's lease was removed, by another run or by hand: path=" + folder
                                : "output folder was taken by another run: path=" + folder + ", "
                                        + String.join(", ", holder))
                        + ". This run was stopped, so that results do not mix. Give each run an output.dir of its own.",
                new IOException("lease of the folder is not this run's: path=" + folder));
    }

    private static String advice(IOException cause) {
        String reason = reason(cause).toLowerCase(Locale.ROOT);
        if (cause instanceof AccessDeniedException || reason.contains("permission denied")) {
            return "Make it writable for user '" + System.getProperty("user.name") + "' or choose another output.dir.";
        }
        if (cause instanceof FileAlreadyExistsException || cause instanceof NotDirectoryException) {
            return "Move the file or choose another output.dir.";
        }
        if (reason.contains("no space left") || reason.contains("quota")) {
            return "Free space or choose another output.dir.";
        }
        return "Choose another output.dir.";
    }

    /** The exception of a process whose file another process could not keep, for a reason that it told. */
    public static OutputException refused(String file, String reason) {
        return new OutputException(reason, new IOException("file was not kept by the driver: file=" + file));
    }

    private static String reason(IOException cause) {
        if (cause instanceof AccessDeniedException) {
            return "permission denied";
        }
        if (cause instanceof NoSuchFileException) {
            return "no such folder";
        }
        if (cause instanceof FileAlreadyExistsException || cause instanceof NotDirectoryException) {
            return "a file is in the place of a folder";
        }
        if (cause instanceof FileSystemException failure && failure.getReason() != null) {
            return failure.getReason();
        }
        String message = cause.getMessage();
        return message == null ? cause.getClass().getSimpleName() : message;
    }
}
