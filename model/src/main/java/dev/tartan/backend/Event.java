package dev.tartan.backend;

/** A point in a stream that other streams and the host can wait for. May be recorded again and again. */
public interface Event {
    /**
     * Waits until all is done that its stream was given before it was recorded last; does not wait if it never was.
     *
     * @throws RuntimeException what a task or kernel of that stream threw, if that is known only now
     */
    void synchronize();

    /** Whether {@link #synchronize} would not wait. */
    boolean isDone();
}
