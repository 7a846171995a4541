package dev.tartan.mesh;

import java.util.List;
import java.util.stream.IntStream;

/** One accelerator, or one virtual device made of CPU threads. {@code index} is unique within its kind and host. */
public record Device(Kind kind, int index) {
    /** What a device computes with. */
    public enum Kind {
        CPU,
        CUDA
    }

    /** {@code count} virtual CPU devices, numbered from 0. */
    public static List<Device> cpus(int count) {
        return IntStream.range(0, count).mapToObj(i -> new Device(Kind.CPU, i)).toList();
    }

    /** For example {@code cpu:0}. */
    @Override
    public String toString() {
        return (kind == Kind.CPU ? "cpu:" : "cuda:") + index;
    }
}
