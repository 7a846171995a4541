package dev.tartan.collective;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;

class MemoryRegionTest {
    @Test
    void aRegionOfABufferStartsAtItsPosition() {
        ByteBuffer buffer = ByteBuffer.allocateDirect(64).order(ByteOrder.nativeOrder());
        buffer.putFloat(16, 2.5f);
        MemoryRegion region = MemoryRegion.of(buffer.position(8).limit(24));
        assertThat(region.bytes()).isEqualTo(16);
        float[] read = new float[1];
        NativeMemory.read(region.slice(8, 4).address(), read, 1);
        assertThat(read).containsExactly(2.5f);
    }

    @Test
    void regionsMayPassTwoGibibytes() {
        MemoryRegion region = MemoryRegion.of(4096, 5L << 30, null);
        assertThat(region.slice(4L << 30, 1L << 30).address()).isEqualTo(4096 + (4L << 30));
        assertThatThrownBy(() -> region.slice(4L << 30, 2L << 30)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void regionsThatTouchDoNotOverlap() {
        MemoryRegion region = MemoryRegion.of(4096, 64, null);
        assertThat(region.slice(0, 32).overlaps(region.slice(32, 32))).isFalse();
        assertThat(region.slice(0, 33).overlaps(region.slice(32, 32))).isTrue();
        assertThat(region).hasToString("0x1000+64");
    }

    @Test
    void heapBuffersAndBadAddressesAreRefused() {
        assertThatThrownBy(() -> MemoryRegion.of(ByteBuffer.allocate(4)))
                .hasMessage("buffer is not direct and writable: direct=false, readOnly=false."
                        + " Use ByteBuffer.allocateDirect.");
        assertThatThrownBy(() -> MemoryRegion.of(0, 4, null))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("address=0, bytes=4");
    }

    @Test
    void allocatedMemoryBeginsAtACacheLine() {
        for (int bytes : new int[] {0, 1, 63, 64, 100_000}) {
            MemoryRegion region = MemoryRegion.allocate(bytes);
            assertThat(region.bytes()).isEqualTo(bytes);
            assertThat(region.address() % 64).isZero();
        }
    }
}
