package dev.tartan.collective.transport;

import java.io.IOException;

/** Makes the links of one rank, each when the rank first uses it. For the rank's own thread. */
public interface LinkOpener {
    /**
     * Makes the link to another rank of the group, or begins to: what needs time or the peer is an {@link OpeningLink}.
     * Never waits.
     *
     * @throws IOException if the peer cannot be reached any more
     */
    MessageLink open(int peer) throws IOException;
}
