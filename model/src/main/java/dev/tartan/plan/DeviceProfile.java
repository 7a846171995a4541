package dev.tartan.plan;

import dev.tartan.graph.DType;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/**
 * What a plan takes for granted of the devices that run it; plain data, so that a machine without such a device can
 * plan for it. Held against the real device before a rank starts. How fast a device is makes no difference to whether a
 * plan is right, so that is said elsewhere, by {@link dev.tartan.plan.hardware.HardwareProfile}.
 *
 * @param kind whose kernels run
 * @param name for people
 * @param memoryBytes all memory of one device, or of the host where it is the host's; 0 if that is not known
 * @param sharesHostMemory whether the memory of the device is the host's
 * @param stagingChunkBytes bytes of the chunks in which collectives go through memory of the host, since communicators
 *     do not reach the memory of the device; 0 where they do
 * @param elementTypes that kernels compute with
 * @param productEpilogues whether kernels of products add a bias or sum an operand along with the product
 */
public record DeviceProfile(
        DeviceKind kind,
        String name,
        long memoryBytes,
        boolean sharesHostMemory,
        long stagingChunkBytes,
        List<DType> elementTypes,
        boolean productEpilogues) {
    /** Long enough for the network to be busy, and for a copy to take far longer than starting it. */
    public static final long STAGING_CHUNK_BYTES = 8 << 20;

    /** The cores of some machine. */
    public static final DeviceProfile CPU =
            new DeviceProfile(DeviceKind.CPU, "cpu", 0, true, 0, List.of(DType.values()), false);

    /** Copies the list. */
    public DeviceProfile {
        elementTypes = List.copyOf(elementTypes);
    }

    /** The same with collectives that go through memory of the host in such chunks, or do not if that is 0. */
    public DeviceProfile stagingIn(long chunkBytes) {
        return new DeviceProfile(kind, name, memoryBytes, sharesHostMemory, chunkBytes, elementTypes, productEpilogues);
    }

    /** The same with so much memory, as a device that is there has it. */
    public DeviceProfile withMemory(long bytes) {
        return new DeviceProfile(
                kind, name, bytes, sharesHostMemory, stagingChunkBytes, elementTypes, productEpilogues);
    }

    /** The same with memory that is the host's, or is not. */
    public DeviceProfile sharingHostMemory(boolean shares) {
        return new DeviceProfile(kind, name, memoryBytes, shares, stagingChunkBytes, elementTypes, productEpilogues);
    }

    /** The same with products that have epilogues, or have none. */
    public DeviceProfile withProductEpilogues(boolean has) {
        return new DeviceProfile(kind, name, memoryBytes, sharesHostMemory, stagingChunkBytes, elementTypes, has);
    }

    /**
     * Checks that a plan made for this profile runs on a device.
     *
     * @param actual what the device says of itself
     * @param neededBytes of its memory
     * @param used types of elements that the plan has
     * @throws IllegalArgumentException naming all that is otherwise
     */
    public void require(DeviceProfile actual, long neededBytes, Set<DType> used) {
        List<String> differences = new ArrayList<>();
        if (actual.kind != kind) {
            differences.add("planned device=" + kind + ", actual=" + actual.kind);
        }
        if (actual.sharesHostMemory != sharesHostMemory) {
            differences.add("planned sharesHostMemory=" + sharesHostMemory + ", actual=" + actual.sharesHostMemory);
        }
        if (actual.memoryBytes > 0 && actual.memoryBytes < neededBytes) {
            differences.add("neededBytes=" + neededBytes + ", memoryBytes=" + actual.memoryBytes);
        }
        Set<DType> missing = EnumSet.noneOf(DType.class);
        missing.addAll(used);
        actual.elementTypes.forEach(missing::remove);
        if (!missing.isEmpty()) {
            differences.add("missing elementTypes=" + missing);
        }
        if (!differences.isEmpty()) {
            throw new IllegalArgumentException("plan is for another device than '" + actual.name + "': "
                    + String.join(", ", differences) + ". Compile it for the device that runs it.");
        }
    }
}
