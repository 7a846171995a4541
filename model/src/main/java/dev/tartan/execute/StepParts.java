package dev.tartan.execute;

import dev.tartan.backend.Device;
import dev.tartan.backend.Kernel;
import dev.tartan.backend.Stream;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * A rank's steps as they are enqueued: where a device can start kernels faster together, those between collectives,
 * waits and things to do before a step are one part; every other step is a part of its own.
 */
final class StepParts implements AutoCloseable {
    private final List<Part> parts = new ArrayList<>();

    /**
     * Some steps that follow each other.
     *
     * @param last step of the part
     * @param joined all of them as one; null if it is but one
     */
    private record Part(int first, int last, @Nullable Kernel joined) {}

    /**
     * Parts some steps.
     *
     * @param begins whether something is done before a step, so that it must begin a part
     */
    StepParts(List<Step> steps, Device device, IntPredicate begins) {
        int first = 0;
        while (first < steps.size()) {
            List<Kernel> kernels = new ArrayList<>();
            int next = first;
            while (next < steps.size()
                    && steps.get(next) instanceof Step.Local local
                    && (next == first || !begins.test(next))) {
                kernels.add(local.kernel());
                next++;
            }
            next = Math.max(next, first + 1);
            Kernel joined = kernels.size() > 1 ? device.join(kernels).orElse(null) : null;
            if (joined != null) {
                parts.add(new Part(first, next - 1, joined));
            } else {
                for (int alone = first; alone < next; alone++) {
                    parts.add(new Part(alone, alone, null));
                }
            }
            first = next;
        }
    }

    int size() {
        return parts.size();
    }

    /** The first step of a part. */
    int first(int part) {
        return parts.get(part).first;
    }

    /** The last step of a part. */
    int last(int part) {
        return parts.get(part).last;
    }

    /** Enqueues a part. */
    void enqueue(int part, List<Step> steps, Stream compute) {
        Part it = parts.get(part);
        if (it.joined == null) {
            steps.get(it.first).enqueue(compute);
        } else {
            it.joined.enqueue(compute);
        }
    }

    @Override
    public void close() {
        for (Part part : parts) {
            if (part.joined != null) {
                part.joined.close();
            }
        }
    }
}
