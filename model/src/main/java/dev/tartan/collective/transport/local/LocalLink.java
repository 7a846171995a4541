package dev.tartan.collective.transport.local;

import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.reduce.Combiner;
import dev.tartan.collective.transport.MessageLink;
import dev.tartan.collective.transport.MessageQueue;
import dev.tartan.collective.transport.UnexpectedMessageException;
import java.io.EOFException;
import java.io.IOException;
import java.nio.channels.Selector;

/** The link between two ranks of one process. Each message is moved once, by the receiver. */
public final class LocalLink extends MessageLink {
    /** The sender may withdraw its memory after each of these. */
    private static final long PIECE_BYTES = 1 << 20;

    private final LocalPipe out;
    private final LocalPipe in;
    private final LocalPipe.Sleeper self;
    private long postedBefore;

    private LocalLink(int peer, LocalPipe out, LocalPipe in, LocalPipe.Sleeper self, Combiner combiner) {
        super(peer, combiner);
        this.out = out;
        this.in = in;
        this.self = self;
    }

    /**
     * Makes both ends of a link.
     *
     * @param selectors of the two ranks
     * @param combiners of the two ranks
     */
    public static LocalLink[] pair(int firstRank, int secondRank, Selector[] selectors, Combiner[] combiners) {
        LocalPipe.Sleeper first = new LocalPipe.Sleeper(selectors[0]);
        LocalPipe.Sleeper second = new LocalPipe.Sleeper(selectors[1]);
        LocalPipe forth = new LocalPipe(first, second);
        LocalPipe back = new LocalPipe(second, first);
        return new LocalLink[] {
            new LocalLink(secondRank, forth, back, first, combiners[0]),
            new LocalLink(firstRank, back, forth, second, combiners[1])
        };
    }

    @Override
    public String kind() {
        return "local";
    }

    @Override
    public void begin(CollectiveCall next, long callSequence, long callFingerprint) {
        super.begin(next, callSequence, callFingerprint);
        postedBefore = out.posted();
    }

    @Override
    public boolean canSend() {
        return super.canSend() && out.hasRoom();
    }

    @Override
    public void send(long address, long bytes) {
        super.send(address, bytes);
        out.post(address, bytes, sequence(), fingerprint());
    }

    @Override
    public int advance() throws IOException {
        int completed = 0;
        long taken = out.taken() - postedBefore;
        while (sends().completed() < taken) {
            sends().complete();
            completed++;
        }
        if (!receives().isIdle() && in.hasMessage()) {
            take();
            completed++;
        }
        if (completed == 0 && in.isWithdrawn() && !in.hasMessage()) {
            throw new EOFException("left the group");
        }
        return completed;
    }

    private void take() throws IOException {
        MessageQueue expected = receives();
        if (in.sequence() != sequence() || in.fingerprint() != fingerprint() || in.bytes() != expected.bytes()) {
            throw new UnexpectedMessageException(
                    "sent a message of call " + in.sequence() + " with " + in.bytes()
                            + " bytes instead of message " + expected.completed() + " of call " + sequence() + " with "
                            + expected.bytes() + " bytes",
                    in.sequence());
        }
        long bytes = expected.bytes();
        for (long done = 0; done < bytes; done += PIECE_BYTES) {
            if (!in.touch()) {
                throw new EOFException("withdrew its message");
            }
            deliver(in.address() + done, done, Math.min(PIECE_BYTES, bytes - done));
            in.release();
        }
        in.take();
        expected.complete();
    }

    @Override
    public boolean moved() {
        // A message moves as a whole, and then it is complete.
        return false;
    }

    @Override
    public boolean prepareSleep() {
        if (isIdle()) {
            return true;
        }
        self.setAsleep(true);
        boolean canGetOn = (!receives().isIdle() && in.hasMessage())
                || sends().completed() < out.taken() - postedBefore
                || in.isWithdrawn();
        return !canGetOn;
    }

    @Override
    public void endSleep() {
        self.setAsleep(false);
    }

    @Override
    public void withdraw() {
        out.withdraw();
    }

    @Override
    public void close() {
        out.withdraw();
    }
}
