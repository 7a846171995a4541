package dev.tartan.execute;

import dev.tartan.backend.Buffer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one step of a program touches: bytes that it reads, bytes that it writes, and a channel, such as a communicator,
 * on which calls have an order.
 */
final class MemoryUse {
    private final long[][] reads;
    private final long[][] writes;
    private final @Nullable Object channel;

    MemoryUse(List<Buffer> reads, List<Buffer> writes, @Nullable Object channel) {
        this.reads = ranges(reads);
        this.writes = ranges(writes);
        this.channel = channel;
    }

    private static long[][] ranges(List<Buffer> buffers) {
        List<long[]> ranges = new ArrayList<>();
        for (Buffer buffer : buffers) {
            if (buffer.type().bytes() > 0) {
                ranges.add(new long[] {
                    buffer.address(), buffer.address() + buffer.type().bytes()
                });
            }
        }
        return ranges.toArray(new long[0][]);
    }

    /** Whether the order of the two makes a difference. */
    boolean conflictsWith(MemoryUse other) {
        return (channel != null && channel == other.channel) || overlaps(other);
    }

    /** Whether that is so because of memory. */
    boolean overlaps(MemoryUse other) {
        return overlap(writes, other.writes) || overlap(writes, other.reads) || overlap(reads, other.writes);
    }

    private static boolean overlap(long[][] some, long[][] others) {
        for (long[] one : some) {
            for (long[] other : others) {
                if (one[0] < other[1] && other[0] < one[1]) {
                    return true;
                }
            }
        }
        return false;
    }
}
