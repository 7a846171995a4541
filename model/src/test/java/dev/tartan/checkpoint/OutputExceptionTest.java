package dev.tartan.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class OutputExceptionTest {
    @Test
    void theAdviceFitsTheCause() {
        String user = System.getProperty("user.name");
        assertMessage(
                new AccessDeniedException("out"),
                "permission denied. Make it writable for user '" + user + "' or choose another output.dir.");
        assertMessage(
                new NotDirectoryException("out"),
                "a file is in the place of a folder. Move the file or choose another output.dir.");
        assertMessage(
                new IOException("No space left on device"),
                "No space left on device. Free space or choose another output.dir.");
        assertMessage(
                new FileSystemException("out", null, "Disk quota exceeded"),
                "Disk quota exceeded. Free space or choose another output.dir.");
        assertMessage(
                new FileSystemException("out", null, "Read-only file system"),
                "Read-only file system. Choose another output.dir.");
        assertMessage(new NoSuchFileException("out"), "no such folder. Choose another output.dir.");
    }

    private static void assertMessage(IOException cause, String reasonAndAdvice) {
        assertThat(OutputException.cannotWrite(Path.of("out"), cause))
                .hasMessage("output file cannot be written: path=out, reason=" + reasonAndAdvice);
    }
}
