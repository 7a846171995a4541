package dev.tartan.collective.transport.tcp;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.FileDescriptor;
import java.lang.reflect.Method;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@EnabledOnOs(OS.LINUX)
class CongestionControlTest {
    @Test
    void connectionsWithinTheMachineUseReno() throws Exception {
        try (ServerSocketChannel listening =
                        ServerSocketChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
                SocketChannel one = SocketChannel.open(listening.getLocalAddress());
                SocketChannel other = listening.accept()) {
            Channels.connected(one);
            Channels.connected(other);
            assertThat(congestionControl(one)).isEqualTo("reno");
            assertThat(congestionControl(other)).isEqualTo("reno");
        }
    }

    /** The first four characters of the name, as the kernel has it. */
    private static String congestionControl(SocketChannel channel) throws ReflectiveOperationException {
        Method descriptor = Class.forName("sun.nio.ch.SocketChannelImpl").getDeclaredMethod("getFD");
        descriptor.setAccessible(true);
        Method get = Class.forName("sun.nio.ch.Net")
                .getDeclaredMethod("getIntOption0", FileDescriptor.class, boolean.class, int.class, int.class);
        get.setAccessible(true);
        int value = (int) get.invoke(null, descriptor.invoke(channel), false, 6, 13);
        byte[] name = ByteBuffer.allocate(Integer.BYTES)
                .order(ByteOrder.nativeOrder())
                .putInt(value)
                .array();
        return new String(name, StandardCharsets.US_ASCII);
    }
}
