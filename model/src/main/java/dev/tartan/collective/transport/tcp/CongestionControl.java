package dev.tartan.collective.transport.tcp;

import java.io.FileDescriptor;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;

/**
 * Chooses how a TCP connection limits its rate. Within a machine there is no path whose capacity has to be found out,
 * yet algorithms that pace, as BBR does, send by timers there too: with Reno, which every Linux has, 64 MiB took 0.5 to
 * 0.8 times as long.
 *
 * <p>Java knows no such option, so this calls what sets all integer options of its sockets. It needs
 * {@code --add-opens=java.base/sun.nio.ch=ALL-UNNAMED}, which Spark gives to all its processes; without it connections
 * stay as the machine makes them.
 *
 * <p>Source: tcp(7), {@code TCP_CONGESTION}; linux/tcp.h.
 */
final class CongestionControl {
    private static final int IPPROTO_TCP = 6;
    private static final int TCP_CONGESTION = 13;
    /** The option's value is a text; this one is as long as an int. */
    private static final int RENO = ByteBuffer.wrap("reno".getBytes(StandardCharsets.US_ASCII))
            .order(ByteOrder.nativeOrder())
            .getInt();

    private CongestionControl() {}

    /** Makes a connection use Reno, if that can be set. */
    static void useReno(SocketChannel channel) {
        if (!System.getProperty("os.name", "").equals("Linux")) {
            return;
        }
        try {
            Method descriptor = Class.forName("sun.nio.ch.SocketChannelImpl").getDeclaredMethod("getFD");
            descriptor.setAccessible(true);
            Method set = Class.forName("sun.nio.ch.Net")
                    .getDeclaredMethod(
                            "setIntOption0",
                            FileDescriptor.class,
                            boolean.class,
                            int.class,
                            int.class,
                            int.class,
                            boolean.class);
            set.setAccessible(true);
            set.invoke(null, descriptor.invoke(channel), false, IPPROTO_TCP, TCP_CONGESTION, RENO, false);
        } catch (ReflectiveOperationException | RuntimeException ignored) {
            // It is then as fast as the machine lets it, and right all the same.
        }
    }
}
