package dev.tartan.path;

import java.util.Objects;

/** Paths with {@code ~}, which shells leave alone inside an option. */
public final class UserHome {
    private UserHome() {}

    /** The path with the user's home for a leading {@code ~} or {@code ~/}; a file of that name is {@code ./~}. */
    public static String expand(String path) {
        return expand(path, Objects.requireNonNullElse(System.getenv("HOME"), System.getProperty("user.home")));
    }

    static String expand(String path, String home) {
        return path.equals("~") || path.startsWith("~/") ? home + path.substring(1) : path;
    }
}
