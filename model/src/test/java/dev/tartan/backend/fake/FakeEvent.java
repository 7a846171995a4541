package dev.tartan.backend.fake;

import dev.tartan.backend.TimedEvent;
import org.jspecify.annotations.Nullable;

/** A point in a {@link FakeStream}. */
final class FakeEvent implements TimedEvent {
    private final FakeDevice device;
    final boolean timed;
    final OrderCheck.Clock clock = new OrderCheck.Clock();

    @Nullable
    FakeStream stream;

    long position;
    long nanos;

    FakeEvent(FakeDevice device, boolean timed) {
        this.device = device;
        this.timed = timed;
    }

    @Override
    public void synchronize() {
        device.synchronize(this);
    }

    @Override
    public boolean isDone() {
        return stream == null || happened();
    }

    @Override
    public long nanosSince(TimedEvent earlier) {
        FakeEvent other = (FakeEvent) earlier;
        if (!happened() || !other.happened()) {
            throw new IllegalStateException("unordered: time of an event by the host is read before it happens");
        }
        return nanos - other.nanos;
    }

    private boolean happened() {
        FakeStream in = stream;
        return in != null && in.done >= position;
    }
}
