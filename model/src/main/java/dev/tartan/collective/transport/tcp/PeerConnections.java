package dev.tartan.collective.transport.tcp;

import dev.tartan.collective.reduce.Combiner;
import dev.tartan.collective.transport.MessageLink;
import java.io.IOException;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;

/** The data connections between a rank of this process and one of another, on which nothing has been sent yet. */
public final class PeerConnections {
    private final List<Connection> connections;

    PeerConnections(List<Connection> connections) {
        this.connections = List.copyOf(connections);
    }

    /** The first of the sockets, for those who arrange another way; what they exchange there is not encrypted. */
    public SocketChannel socket() {
        return connections.get(0).channel();
    }

    /** Makes a link of the connections, which it closes. */
    public MessageLink link(int peer, Selector selector, Combiner combiner) throws IOException {
        List<TcpLink> links = new ArrayList<>();
        for (Connection connection : connections) {
            links.add(new TcpLink(peer, connection, selector, combiner));
        }
        return links.size() == 1 ? links.get(0) : new StripedLink(peer, links, combiner);
    }

    /** Closes all but the first connection. */
    public void closeOthers() {
        connections.stream().skip(1).forEach(Connection::close);
    }

    /** Closes all connections. */
    public void close() {
        connections.forEach(Connection::close);
    }
}
