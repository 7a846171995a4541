package dev.tartan.collective.process;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Passes bytes on to a port as far as a gate lets them. */
final class GatedProxy implements AutoCloseable {
    /** Says what of a connection passes; may keep it waiting. */
    interface Gate {
        /**
         * Whether a connection goes on or is cut.
         *
         * @param connection its number, from 0
         * @param fromTarget which way the bytes go
         * @param bytes all that have come that way
         */
        boolean opens(int connection, boolean fromTarget, long bytes);
    }

    private final ServerSocket server;
    private final int target;
    private final Gate gate;
    private final List<Socket> sockets = new CopyOnWriteArrayList<>();

    GatedProxy(int target, Gate gate) throws IOException {
        this.server = new ServerSocket(0, 64, InetAddress.getLoopbackAddress());
        this.target = target;
        this.gate = gate;
        start(this::accept);
    }

    int port() {
        return server.getLocalPort();
    }

    private static void start(Runnable body) {
        Thread thread = new Thread(body, "gated-proxy");
        thread.setDaemon(true);
        thread.start();
    }

    private void accept() {
        try {
            for (int connection = 0; ; connection++) {
                int number = connection;
                Socket in = server.accept();
                Socket out = new Socket(InetAddress.getLoopbackAddress(), target);
                sockets.add(in);
                sockets.add(out);
                start(() -> pass(in, out, number, false));
                start(() -> pass(out, in, number, true));
            }
        } catch (IOException e) {
            // Closed.
        }
    }

    private void pass(Socket from, Socket to, int connection, boolean fromTarget) {
        byte[] bytes = new byte[65_536];
        long passed = 0;
        try (from;
                to) {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            for (int read = in.read(bytes); read >= 0; read = in.read(bytes)) {
                passed += read;
                if (!gate.opens(connection, fromTarget, passed)) {
                    return;
                }
                out.write(bytes, 0, read);
            }
        } catch (IOException e) {
            // The other direction was cut.
        }
    }

    @Override
    public void close() throws IOException {
        server.close();
        for (Socket socket : sockets) {
            socket.close();
        }
    }
}
