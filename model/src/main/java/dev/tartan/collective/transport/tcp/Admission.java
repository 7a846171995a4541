package dev.tartan.collective.transport.tcp;

import java.io.IOException;

/** What becomes of a connection on which both sides have proven themselves. */
interface Admission {
    /** Takes the connection over, or closes it if there is one like it. */
    void admit(Handshake handshake) throws IOException;
}
