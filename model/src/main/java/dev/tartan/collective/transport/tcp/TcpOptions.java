package dev.tartan.collective.transport.tcp;

import java.time.Duration;
import java.util.List;

/**
 * Times and limits of a {@link TcpNode}; equal on all processes, best.
 *
 * @param connectTimeout the longest it may take until all ranks have joined, and until two are connected that need it
 * @param callTimeout the longest a rank waits within one call
 * @param heartbeatInterval how often a rank tells its peers where it is
 * @param silenceTimeout after how long without a word a peer counts as frozen; several heartbeats
 * @param handshakeTimeout how long a connection may take to prove that it holds the secret
 * @param maxHandshakes connections that may be proving so at a time, besides 16 for each process of the mesh; see
 *     {@link Door} for who has to make room
 * @param socketBufferBytes size asked of the kernel for each socket's buffers, or 0 to leave it to the kernel
 * @param encrypt whether all that goes over the connections is encrypted; memory is then not shared
 * @param streams data connections between two ranks
 * @param spin how long a waiting rank polls before it sleeps; 20 us at most where ranks share processors
 */
public record TcpOptions(
        Duration connectTimeout,
        Duration callTimeout,
        Duration heartbeatInterval,
        Duration silenceTimeout,
        Duration handshakeTimeout,
        int maxHandshakes,
        int socketBufferBytes,
        boolean encrypt,
        int streams,
        Duration spin) {

    /**
     * Checks the values.
     *
     * @throws IllegalArgumentException if a time is not positive, or a peer would count as frozen between two
     *     heartbeats
     */
    public TcpOptions {
        boolean valid = maxHandshakes > 0 && socketBufferBytes >= 0 && streams > 0 && !spin.isNegative();
        for (Duration time :
                List.of(connectTimeout, callTimeout, heartbeatInterval, silenceTimeout, handshakeTimeout)) {
            valid &= !time.isNegative() && !time.isZero();
        }
        if (!valid || silenceTimeout.compareTo(heartbeatInterval.multipliedBy(2)) < 0) {
            throw new IllegalArgumentException("tcp options are not valid: connectTimeout=" + connectTimeout
                    + ", callTimeout=" + callTimeout + ", heartbeatInterval=" + heartbeatInterval + ", silenceTimeout="
                    + silenceTimeout + ", handshakeTimeout=" + handshakeTimeout + ", maxHandshakes=" + maxHandshakes
                    + ", socketBufferBytes=" + socketBufferBytes + ", streams=" + streams + ", spin=" + spin
                    + ". Give positive times, and a silence of two heartbeats or more.");
        }
    }

    /**
     * Values for a training run. A process counts as frozen after 12 s without a sign of life, of which there are two a
     * second.
     *
     * <p>So a process may pause for 8 s and more, and the run goes on: a full garbage collection of a heap of tens of
     * gigabytes takes seconds, and the move of a virtual machine to another host up to about 5; both stop all threads,
     * the one that sends heartbeats too. Eight seconds of pause, half a second since the last heartbeat before it and
     * one until the first is sent and heard after it leave 2.5 s for what else may be slow. On the other side a process
     * that will never come back is noticed within 15 s: 12 s of silence, a quarter of a second between two looks, and
     * 0.3 s for last words. A process that ends is noticed at once, since its connections close. A process that was
     * paused itself does not take its own pause for the silence of the others ({@link Watcher}).
     */
    public static TcpOptions defaults() {
        return new TcpOptions(
                Duration.ofSeconds(60),
                Duration.ofMinutes(5),
                Duration.ofMillis(500),
                Duration.ofSeconds(12),
                Duration.ofSeconds(3),
                64,
                0,
                false,
                1,
                Duration.ofNanos(50_000));
    }

    /** These options with another {@link #connectTimeout}. */
    public TcpOptions withConnectTimeout(Duration timeout) {
        return new TcpOptions(
                timeout,
                callTimeout,
                heartbeatInterval,
                silenceTimeout,
                handshakeTimeout,
                maxHandshakes,
                socketBufferBytes,
                encrypt,
                streams,
                spin);
    }

    /** These options with another {@link #callTimeout}. */
    public TcpOptions withCallTimeout(Duration timeout) {
        return new TcpOptions(
                connectTimeout,
                timeout,
                heartbeatInterval,
                silenceTimeout,
                handshakeTimeout,
                maxHandshakes,
                socketBufferBytes,
                encrypt,
                streams,
                spin);
    }

    /** These options with another {@link #heartbeatInterval} and {@link #silenceTimeout}. */
    public TcpOptions withHeartbeat(Duration interval, Duration silence) {
        return new TcpOptions(
                connectTimeout,
                callTimeout,
                interval,
                silence,
                handshakeTimeout,
                maxHandshakes,
                socketBufferBytes,
                encrypt,
                streams,
                spin);
    }

    /** These options with another {@link #silenceTimeout}. */
    public TcpOptions withSilence(Duration silence) {
        return withHeartbeat(heartbeatInterval, silence);
    }

    /** These options with another {@link #handshakeTimeout} and {@link #maxHandshakes}. */
    public TcpOptions withHandshakes(Duration timeout, int most) {
        return new TcpOptions(
                connectTimeout,
                callTimeout,
                heartbeatInterval,
                silenceTimeout,
                timeout,
                most,
                socketBufferBytes,
                encrypt,
                streams,
                spin);
    }

    /** These options with another {@link #spin}. */
    public TcpOptions withSpin(Duration time) {
        return new TcpOptions(
                connectTimeout,
                callTimeout,
                heartbeatInterval,
                silenceTimeout,
                handshakeTimeout,
                maxHandshakes,
                socketBufferBytes,
                encrypt,
                streams,
                time);
    }

    /** These options with another {@link #socketBufferBytes}. */
    public TcpOptions withSocketBufferBytes(int bytes) {
        return new TcpOptions(
                connectTimeout,
                callTimeout,
                heartbeatInterval,
                silenceTimeout,
                handshakeTimeout,
                maxHandshakes,
                bytes,
                encrypt,
                streams,
                spin);
    }

    /** These options with another {@link #encrypt}. */
    public TcpOptions withEncryption(boolean on) {
        return new TcpOptions(
                connectTimeout,
                callTimeout,
                heartbeatInterval,
                silenceTimeout,
                handshakeTimeout,
                maxHandshakes,
                socketBufferBytes,
                on,
                streams,
                spin);
    }

    /** These options with another {@link #streams}. */
    public TcpOptions withStreams(int number) {
        return new TcpOptions(
                connectTimeout,
                callTimeout,
                heartbeatInterval,
                silenceTimeout,
                handshakeTimeout,
                maxHandshakes,
                socketBufferBytes,
                encrypt,
                number,
                spin);
    }
}
