package dev.tartan.collective.algorithm;

import dev.tartan.collective.transport.Link;

/** A link that passes everything on to another, for those that change one thing. */
abstract class ForwardingLink implements Link {
    private Link link;

    ForwardingLink(Link link) {
        this.link = link;
    }

    /** Forwards to that one from now on: a transport's link to a peer may be another in the next call. */
    void forwardTo(Link other) {
        link = other;
    }

    @Override
    public boolean canSend() {
        return link.canSend();
    }

    @Override
    public void send(long address, long bytes) {
        link.send(address, bytes);
    }

    @Override
    public boolean canReceive() {
        return link.canReceive();
    }

    @Override
    public void receive(long address, long bytes) {
        link.receive(address, bytes);
    }

    @Override
    public void receiveCombined(long with, long to, long bytes) {
        link.receiveCombined(with, to, bytes);
    }

    @Override
    public long sent() {
        return link.sent();
    }

    @Override
    public long received() {
        return link.received();
    }
}
