package dev.tartan.collective.transport.shm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import com.sun.security.auth.module.UnixSystem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SharedFileTest {
    private static final int RING_BYTES = 4096;

    @TempDir
    Path known;

    @TempDir
    Path elsewhere;

    private SharedFile made;

    @BeforeEach
    void make() throws IOException {
        made = SharedFile.create(List.of(known), RING_BYTES);
    }

    @AfterEach
    void remove() {
        made.unlink();
    }

    private boolean opens(Path path) {
        return SharedFile.open(List.of(known), path.toString(), made.token()) != null;
    }

    @Test
    void theFileOfAProcessOfThisUserIsOpened() {
        assertThat(opens(made.path())).isTrue();
        assertThat(SharedFile.open(List.of(known), made.path().toString(), new byte[16]))
                .isNull();
    }

    @Test
    void filesElsewhereOrOfOtherNamesAreNot() throws IOException {
        Path below = Files.createDirectory(known.resolve("below"));
        for (Path other : List.of(
                elsewhere.resolve("tartan-1.shm"),
                below.resolve("tartan-1.shm"),
                known.resolve("tartan-.shm"),
                known.resolve("tartan-1.shm.txt"),
                known.resolve("notes.txt"))) {
            Files.copy(made.path(), other);
            Files.setPosixFilePermissions(other, PosixFilePermissions.fromString("rw-------"));
            assertThat(opens(other)).as(other.toString()).isFalse();
        }
        assertThat(opens(known.resolve("below/../tartan-1.shm"))).isFalse();
        assertThat(SharedFile.open(List.of(known), "\0", made.token())).isNull();
        assertThat(SharedFile.open(List.of(known), "", made.token())).isNull();
    }

    @Test
    void linksAreNotFollowed() throws IOException {
        Path other = elsewhere.resolve("tartan-1.shm");
        Files.copy(made.path(), other);
        Files.setPosixFilePermissions(other, PosixFilePermissions.fromString("rw-------"));
        Path link = Files.createSymbolicLink(known.resolve("tartan-2.shm"), other);
        assertThat(opens(link)).isFalse();
    }

    @Test
    void aFileThatOthersMayReadIsNotOpened() throws IOException {
        Files.setPosixFilePermissions(made.path(), PosixFilePermissions.fromString("rw-r--r--"));
        assertThat(opens(made.path())).isFalse();
    }

    @Test
    void aFileOfAnotherUserIsNotOpened() throws IOException {
        assumeThat(new UnixSystem().getUid())
                .as("only root can give files away")
                .isZero();
        Files.setAttribute(made.path(), "unix:uid", 12_345);
        assertThat(opens(made.path())).isFalse();
    }
}
