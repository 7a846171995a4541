package dev.tartan.backend.cuda;

import dev.tartan.backend.Buffer;
import java.util.List;

/**
 * What some launches are for, so that errors can name it, and what they touch, so that it can be checked to be in
 * order.
 *
 * @param label of an op or copy
 * @param writes scratch memory is one of these
 */
record Work(String label, List<Buffer> reads, List<Buffer> writes) {
    Work {
        reads = List.copyOf(reads);
        writes = List.copyOf(writes);
    }
}
