package dev.tartan.collective.transport.tcp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class PortRangeTest {
    @Test
    void rangesAreRead() {
        assertThat(PortRange.parse("40000-40100")).isEqualTo(new PortRange(40_000, 40_100));
        assertThat(PortRange.parse("40000")).isEqualTo(new PortRange(40_000, 40_000));
        assertThat(PortRange.parse("0")).isEqualTo(PortRange.any());
    }

    @Test
    void otherTextsAreNamed() {
        assertThatThrownBy(() -> PortRange.parse("many"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("collective.portRange cannot be read: value='many'."
                        + " Write it as 40000-40100, or 0 for any free port.");
        assertThatThrownBy(() -> new PortRange(2, 1)).hasMessageContaining("first=2, last=1");
    }

    @Test
    void theNextFreePortOfARangeIsTaken() {
        InetAddress here = InetAddress.getLoopbackAddress();
        try (TcpEndpoint taken = TcpEndpoint.bind(here, PortRange.any())) {
            int port = taken.port();
            assertThatThrownBy(() -> TcpEndpoint.bind(here, new PortRange(port, port)))
                    .isInstanceOf(PortsHeldException.class)
                    .hasMessageContaining(
                            "collective.portRange has no port to listen on: bindAddress=127.0.0.1, first=" + port);
        }
    }

    @Test
    void aPortThatIsStillHeldIsAwaited() throws Exception {
        InetAddress here = InetAddress.getLoopbackAddress();
        TcpEndpoint dying = TcpEndpoint.bind(here, PortRange.any());
        int port = dying.port();
        Thread end = new Thread(() -> {
            try {
                Thread.sleep(500);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
            dying.close();
        });
        end.start();
        try (TcpEndpoint next = TcpEndpoint.bind(here, new PortRange(port, port), Duration.ofSeconds(10))) {
            assertThat(next.port()).isEqualTo(port);
        }
        end.join();
    }

    @Test
    void anAddressOfAnotherMachineIsNamedAtOnce() throws Exception {
        // Kept for documentation (RFC 5737), so nobody's.
        InetAddress elsewhere = InetAddress.getByName("192.0.2.1");
        assertThatThrownBy(() -> TcpEndpoint.bind(elsewhere, PortRange.any(), Duration.ofMinutes(5)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("collective.bindAddress cannot be listened on: bindAddress=192.0.2.1, reason=");
    }
}
