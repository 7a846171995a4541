package dev.tartan.collective.transport.tcp;

import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.reduce.Combiner;
import dev.tartan.collective.transport.MessageLink;
import java.io.IOException;
import java.util.List;

/**
 * Several connections to one peer: message n goes over number n modulo their number. Pays where one connection does not
 * fill the network, as with clouds that limit a flow's rate.
 */
final class StripedLink extends MessageLink {
    private final List<TcpLink> stripes;
    private long sends;
    private long receives;
    private boolean moved;

    StripedLink(int peer, List<TcpLink> stripes, Combiner combiner) {
        super(peer, combiner);
        this.stripes = List.copyOf(stripes);
    }

    @Override
    public String kind() {
        return "tcp";
    }

    @Override
    public void begin(CollectiveCall call, long sequence, long fingerprint) {
        sends = 0;
        receives = 0;
        for (int i = 0; i < stripes.size(); i++) {
            stripes.get(i).begin(call, sequence, fingerprint);
        }
    }

    private TcpLink stripe(long message) {
        return stripes.get((int) (message % stripes.size()));
    }

    @Override
    public boolean canSend() {
        return stripe(sends).canSend();
    }

    @Override
    public void send(long address, long bytes) {
        stripe(sends++).send(address, bytes);
    }

    @Override
    public boolean canReceive() {
        return stripe(receives).canReceive();
    }

    @Override
    public void receive(long address, long bytes) {
        stripe(receives++).receive(address, bytes);
    }

    @Override
    public void receiveCombined(long with, long to, long bytes) {
        stripe(receives++).receiveCombined(with, to, bytes);
    }

    /** Messages are complete up to the first one that is not, on any stripe. */
    @Override
    public long sent() {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < stripes.size(); i++) {
            least = Math.min(least, stripes.get(i).sent() * stripes.size() + i);
        }
        return least;
    }

    @Override
    public long received() {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < stripes.size(); i++) {
            least = Math.min(least, stripes.get(i).received() * stripes.size() + i);
        }
        return least;
    }

    @Override
    public boolean hasQueued() {
        return sent() < sends || received() < receives;
    }

    @Override
    public int advance() throws IOException {
        int completed = 0;
        moved = false;
        for (int i = 0; i < stripes.size(); i++) {
            TcpLink stripe = stripes.get(i);
            if (!stripe.isIdle()) {
                completed += stripe.advance();
                moved |= stripe.moved();
            }
        }
        return completed;
    }

    @Override
    public boolean moved() {
        return moved;
    }

    @Override
    public boolean isIdle() {
        for (int i = 0; i < stripes.size(); i++) {
            if (!stripes.get(i).isIdle()) {
                return false;
            }
        }
        return true;
    }

    @Override
    public boolean prepareSleep() {
        boolean quiet = true;
        for (int i = 0; i < stripes.size(); i++) {
            quiet &= stripes.get(i).prepareSleep();
        }
        return quiet;
    }

    @Override
    public void endSleep() {}

    @Override
    public void withdraw() {
        // The kernel has copies of all that was sent.
    }

    @Override
    public void close() {
        stripes.forEach(TcpLink::close);
    }
}
