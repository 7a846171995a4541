package dev.tartan.spark.runtime;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The GPUs of a task, which owns all those of its executor. Spark's addresses number the GPUs of the host; the CUDA
 * runtime of a process numbers those that {@code CUDA_VISIBLE_DEVICES} lets it see, in the order of that list: with
 * {@code CUDA_VISIBLE_DEVICES=2,3}, the address 3 is ordinal 1. Unset, both numberings are the same, provided that
 * {@code CUDA_DEVICE_ORDER=PCI_BUS_ID}, as {@link SparkSettings} sets it on executors: nvidia-smi counts so.
 *
 * @param ordinals number of each GPU in this process, in the order of {@code addresses}
 * @param addresses number of each GPU on the host, or its UUID where the variable lists UUIDs
 */
record GpuPinning(List<Integer> ordinals, List<String> addresses) {
    private static final String VISIBLE_DEVICES = "CUDA_VISIBLE_DEVICES";

    GpuPinning {
        ordinals = List.copyOf(ordinals);
        addresses = List.copyOf(addresses);
    }

    /**
     * The GPUs that Spark gave to this task.
     *
     * @throws IllegalArgumentException if this process cannot see one of them
     */
    static GpuPinning of(MeshTaskContext context) {
        return of(context.gpuAddresses(), System.getenv(VISIBLE_DEVICES));
    }

    /**
     * The GPUs at {@code addresses}.
     *
     * @param visibleDevices the value of {@code CUDA_VISIBLE_DEVICES}, null if unset
     * @throws IllegalArgumentException if one of them cannot be seen
     */
    static GpuPinning of(List<String> addresses, @Nullable String visibleDevices) {
        List<Integer> ordinals = new ArrayList<>();
        for (String address : addresses) {
            ordinals.add(visibleDevices == null ? number(address) : position(address, visibleDevices));
        }
        return new GpuPinning(ordinals, addresses);
    }

    private static int number(String address) {
        try {
            return Integer.parseUnsignedInt(address);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    "GPU address is no device number: address=" + address + ", " + VISIBLE_DEVICES
                            + "=unset. Make the discovery script print numbers, as scripts/discover-gpus does, or set "
                            + VISIBLE_DEVICES + " on the executors.",
                    e);
        }
    }

    private static int position(String address, String visibleDevices) {
        int position = visible(visibleDevices).indexOf(address);
        if (position < 0) {
            throw new IllegalArgumentException("GPU given by Spark is hidden from its executor: address=" + address
                    + ", " + VISIBLE_DEVICES + "=" + visibleDevices
                    + ". Make the discovery script print visible GPUs only, as scripts/discover-gpus does, or unset "
                    + VISIBLE_DEVICES + " on the executors.");
        }
        return position;
    }

    /** The CUDA runtime ignores what stands after the first entry that is no device, often -1. */
    private static List<String> visible(String visibleDevices) {
        List<String> visible = new ArrayList<>();
        for (String entry : visibleDevices.split(",", -1)) {
            String device = entry.trim();
            if (device.isEmpty() || device.startsWith("-")) {
                break;
            }
            visible.add(device);
        }
        return visible;
    }
}
