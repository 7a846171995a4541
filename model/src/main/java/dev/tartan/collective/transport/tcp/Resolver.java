package dev.tartan.collective.transport.tcp;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Looks up the addresses of hosts on threads of its own, which end when there is nothing to look up: a name server may
 * take many seconds to answer, and the {@link Watcher} has heartbeats to send meanwhile. Used by the watcher's thread.
 */
final class Resolver implements AutoCloseable {
    private static final int MOST_THREADS = 4;
    private static final long IDLE_MILLIS = 500;

    /** How a name is looked up. */
    interface Lookup {
        InetAddress address(String host) throws UnknownHostException;
    }

    /** One name's answer, once there is one. */
    private static final class Answer {
        private volatile @Nullable InetAddress address;
        private volatile @Nullable UnknownHostException failure;
    }

    private final Lookup lookup;
    private final Runnable onAnswer;
    private final ThreadPoolExecutor threads;
    private final Map<String, Answer> answers = new HashMap<>();

    /**
     * Makes it; no thread is started.
     *
     * @param onAnswer told of each answer, on a thread of the resolver
     */
    Resolver(Lookup lookup, Runnable onAnswer) {
        this.lookup = lookup;
        this.onAnswer = onAnswer;
        this.threads = new ThreadPoolExecutor(
                MOST_THREADS,
                MOST_THREADS,
                IDLE_MILLIS,
                TimeUnit.MILLISECONDS,
                new LinkedBlockingQueue<>(),
                Resolver::thread);
        threads.allowCoreThreadTimeOut(true);
    }

    private static Thread thread(Runnable work) {
        Thread thread = new Thread(work, "tartan-resolver");
        thread.setDaemon(true);
        return thread;
    }

    /**
     * The address of a host, or null while it is looked up.
     *
     * @throws UnknownHostException if it was looked up in vain, which the next call does again
     */
    @Nullable
    InetAddress ask(String host) throws UnknownHostException {
        Answer answer = answers.get(host);
        if (answer == null) {
            Answer asked = new Answer();
            answers.put(host, asked);
            threads.execute(() -> lookUp(host, asked));
            return null;
        }
        UnknownHostException failure = answer.failure;
        if (failure != null) {
            forget(host);
            throw failure;
        }
        return answer.address;
    }

    /** Looks a host up anew when it is asked for next: what was found could not be connected to. */
    void forget(String host) {
        answers.remove(host);
    }

    private void lookUp(String host, Answer answer) {
        try {
            answer.address = lookup.address(host);
        } catch (UnknownHostException e) {
            answer.failure = e;
        } catch (RuntimeException e) {
            UnknownHostException failure = new UnknownHostException("host cannot be looked up: " + e);
            failure.initCause(e);
            answer.failure = failure;
        }
        onAnswer.run();
    }

    @Override
    public void close() {
        threads.shutdownNow();
    }
}
