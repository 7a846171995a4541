package dev.tartan.collective.transport;

import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.reduce.Combiner;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import org.jspecify.annotations.Nullable;

/**
 * A link that is opened as part of the call that first uses it. Messages are queued at once, and handed on to the link
 * proper as soon as there is one; so a rank that opens links waits for them as it waits for messages, with the same
 * deadline and the same failures, and its other links go on meanwhile. Later calls use the link proper.
 */
public final class OpeningLink extends MessageLink {
    private final Opening opening;
    private @Nullable CollectiveCall call;
    private volatile @Nullable MessageLink opened;
    private boolean moved;
    private boolean closed;

    /** Takes over the opening. */
    public OpeningLink(int peer, Combiner combiner, Opening opening) {
        super(peer, combiner);
        this.opening = opening;
    }

    @Override
    public MessageLink settled() {
        MessageLink link = opened;
        return link == null ? this : link;
    }

    @Override
    public @Nullable String kind() {
        MessageLink link = opened;
        return link == null ? null : link.kind();
    }

    @Override
    public void begin(CollectiveCall next, long callSequence, long callFingerprint) {
        call = next;
        super.begin(next, callSequence, callFingerprint);
    }

    /** Synchronized with {@link #close}: a link that opens meanwhile would be closed by nobody. */
    private synchronized @Nullable MessageLink open() throws IOException {
        if (closed) {
            throw new ClosedChannelException();
        }
        MessageLink link = opening.advance();
        CollectiveCall current = call;
        if (link == null || current == null) {
            return null;
        }
        opened = link;
        link.begin(current, sequence(), fingerprint());
        return link;
    }

    private static void handOn(MessageQueue sends, MessageQueue receives, MessageLink to) {
        for (; !receives.isIdle(); receives.complete()) {
            if (receives.combines()) {
                to.receiveCombined(receives.operand(), receives.address(), receives.bytes());
            } else {
                to.receive(receives.address(), receives.bytes());
            }
        }
        for (; !sends.isIdle(); sends.complete()) {
            to.send(sends.address(), sends.bytes());
        }
    }

    @Override
    public int advance() throws IOException {
        MessageLink link = opened;
        moved = false;
        if (link == null) {
            link = open();
            if (link == null) {
                return 0;
            }
            moved = true;
            handOn(super.sends(), super.receives(), link);
        }
        return link.advance();
    }

    @Override
    public boolean moved() {
        MessageLink link = opened;
        return moved || (link != null && link.moved());
    }

    @Override
    public boolean hasQueued() {
        MessageLink link = opened;
        return link == null ? super.hasQueued() : link.hasQueued();
    }

    @Override
    public boolean isIdle() {
        MessageLink link = opened;
        return link == null ? super.isIdle() : link.isIdle();
    }

    @Override
    public boolean prepareSleep() throws IOException {
        MessageLink link = opened;
        if (link != null) {
            return link.prepareSleep();
        }
        return super.isIdle() || opening.prepareSleep();
    }

    @Override
    public void endSleep() throws IOException {
        MessageLink link = opened;
        if (link != null) {
            link.endSleep();
        }
    }

    @Override
    public void withdraw() {
        MessageLink link = opened;
        if (link != null) {
            link.withdraw();
        }
        // Else nobody knows of the messages.
    }

    @Override
    public synchronized void close() {
        closed = true;
        MessageLink link = opened;
        if (link != null) {
            link.close();
        } else {
            opening.close();
        }
    }

    @Override
    public boolean canSend() {
        MessageLink link = opened;
        return link == null ? super.canSend() : link.canSend();
    }

    @Override
    public void send(long address, long bytes) {
        MessageLink link = opened;
        if (link == null) {
            super.send(address, bytes);
        } else {
            link.send(address, bytes);
        }
    }

    @Override
    public boolean canReceive() {
        MessageLink link = opened;
        return link == null ? super.canReceive() : link.canReceive();
    }

    @Override
    public void receive(long address, long bytes) {
        MessageLink link = opened;
        if (link == null) {
            super.receive(address, bytes);
        } else {
            link.receive(address, bytes);
        }
    }

    @Override
    public void receiveCombined(long with, long to, long bytes) {
        MessageLink link = opened;
        if (link == null) {
            super.receiveCombined(with, to, bytes);
        } else {
            link.receiveCombined(with, to, bytes);
        }
    }

    /** Messages handed on are not sent yet. */
    @Override
    public long sent() {
        MessageLink link = opened;
        return link == null ? 0 : link.sent();
    }

    @Override
    public long received() {
        MessageLink link = opened;
        return link == null ? 0 : link.received();
    }
}
