package dev.tartan.spark.runtime;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class ReachableMasterTest {
    private static final Duration TIMEOUT = Duration.ofSeconds(2);

    @Test
    void acceptsAListThatHasOneLivingMaster() throws IOException {
        int dead = unusedPort();
        try (ServerSocket alive = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String master = "spark://127.0.0.1:" + dead + ",127.0.0.1:" + alive.getLocalPort();
            assertThatCode(() -> ReachableMaster.check(master, TIMEOUT)).doesNotThrowAnyException();
        }
    }

    @Test
    void namesTheMasterThatDoesNotAnswer() throws IOException {
        String master = "spark://127.0.0.1:" + unusedPort();
        assertThatThrownBy(() -> ReachableMaster.check(master, TIMEOUT))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("Spark master cannot be reached: master=" + master)
                .hasMessageContaining("Connection refused");
    }

    @Test
    void namesAnAddressThatIsNone() {
        assertThatThrownBy(() -> ReachableMaster.check("spark://127.0.0.1:port", TIMEOUT))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("127.0.0.1:port");
    }

    @Test
    void leavesOtherMastersToSpark() {
        assertThatCode(() -> ReachableMaster.check("yarn", TIMEOUT)).doesNotThrowAnyException();
    }

    private static int unusedPort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
