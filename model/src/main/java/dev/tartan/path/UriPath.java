package dev.tartan.path;

import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.util.Locale;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Paths from text, which may be a URI: {@code hdfs://host/data}, {@code s3a://bucket/out}, {@code file:/data}. Text is
 * a URI if a scheme of two or more characters, a colon and a slash begin it; {@code ./name:/x} is a local path.
 * Characters stand for themselves, as in Hadoop's paths: {@code %20} is no space, and {@code #} begins nothing.
 */
public final class UriPath {
    /** Scheme, authority if there is one, and path. */
    private static final Pattern URI_TEXT =
            Pattern.compile("([a-zA-Z][a-zA-Z0-9+.-]+):(?://([^/]*))?(/.*)?", Pattern.DOTALL);

    private static final Pattern SCHEME = Pattern.compile("[a-zA-Z][a-zA-Z0-9+.-]+:");

    private UriPath() {}

    /**
     * The path that text names: a local one unless it is a URI of another scheme than {@code file}.
     *
     * @throws IllegalArgumentException if no file system for the URI is known, or the text is no path
     */
    public static Path of(String text) {
        Matcher parts = URI_TEXT.matcher(text);
        int colon = text.indexOf(':');
        if (colon < 0 || !text.startsWith("/", colon + 1) || !parts.matches()) {
            return Path.of(text);
        }
        String scheme = parts.group(1).toLowerCase(Locale.ROOT);
        String authority = parts.group(2) == null ? "" : parts.group(2);
        String path = parts.group(3) == null ? "/" : parts.group(3);
        if (scheme.equals("file")) {
            return local(text, authority, path);
        }
        URI uri;
        try {
            uri = new URI(scheme, authority.isEmpty() ? null : authority, path, null, null);
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException(
                    "path is no URI: path=" + text + ", reason=" + e.getReason() + ". Write scheme://host/path.", e);
        }
        return scheme(text, uri).path(uri);
    }

    private static Path local(String text, String authority, String path) {
        if (!authority.isEmpty() && !authority.equals("localhost")) {
            throw new IllegalArgumentException("path is on another machine's disk: path=" + text + ", host=" + authority
                    + ". Give a path of this machine, such as file:/data, or one of a store that all machines reach.");
        }
        return Path.of(path);
    }

    private static PathScheme scheme(String text, URI uri) {
        // Spark gives its tasks and the user's program a class loader that knows the jars of the job.
        ClassLoader context = Thread.currentThread().getContextClassLoader();
        try {
            for (ClassLoader loader : new ClassLoader[] {context, UriPath.class.getClassLoader()}) {
                for (PathScheme scheme : ServiceLoader.load(PathScheme.class, loader)) {
                    if (scheme.accepts(uri)) {
                        return scheme;
                    }
                }
            }
        } catch (ServiceConfigurationError e) {
            throw new IllegalStateException("schemes of paths cannot be loaded: reason=" + e.getMessage(), e);
        }
        throw new IllegalArgumentException("path is on a file system that Tartan does not know: path=" + text
                + ", scheme=" + uri.getScheme() + ". Give a local path, or a URI of a file system of Hadoop that is on"
                + " the class path, such as hdfs://host/path.");
    }

    /** Whether a path is on the local file system, not in a store. */
    public static boolean isLocal(Path path) {
        return path.getFileSystem().equals(FileSystems.getDefault());
    }

    /**
     * The path itself, unless it is a URI that {@link Path#of(String, String...)} took for a relative local path: of
     * {@code hdfs://host/x} it makes {@code ./hdfs:/host/x}.
     *
     * @throws IllegalArgumentException if it is
     */
    public static Path checked(Path path) {
        boolean looksLikeUri = isLocal(path)
                && !path.isAbsolute()
                && path.getNameCount() > 1
                && SCHEME.matcher(path.getName(0).toString()).matches();
        if (looksLikeUri) {
            throw new IllegalArgumentException("path is a URI that became the name of a local folder: path=" + path
                    + ". Make it with UriPath.of(\"" + path.getName(0) + "//...\"); if it is a local path, begin it"
                    + " with \"./\".");
        }
        return path;
    }
}
