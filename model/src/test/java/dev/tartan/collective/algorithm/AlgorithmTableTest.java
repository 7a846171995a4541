package dev.tartan.collective.algorithm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.collective.CollectiveOp;
import dev.tartan.collective.transport.Carrier;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class AlgorithmTableTest {
    private static final long HIGHEST = 16 << 20;

    /** The sizes up to which each algorithm of an all-reduce is picked. */
    private static String printed(GroupShape shape, Duration delay) {
        AlgorithmTable table = new AlgorithmTable(shape, delay);
        StringBuilder text = new StringBuilder();
        String picked = "";
        for (long bytes = 0; bytes < HIGHEST; bytes += 1 + bytes / 4096) {
            String next = table.pick(CollectiveOp.ALL_REDUCE, bytes);
            if (!next.equals(picked)) {
                text.append(text.length() == 0 ? "" : " to " + bytes / 1024 + "K, ")
                        .append(next);
                picked = next;
            }
        }
        return text.toString();
    }

    private static String printed(Carrier carrier, int numRanks, int ranksPerProcess) {
        return printed(new GroupShape(numRanks, ranksPerProcess, carrier), Duration.ZERO);
    }

    @Test
    void anAllReduceOverTcp() {
        assertThat(printed(Carrier.TCP, 2, 1)).isEqualTo("doubling to 32K, halving-doubling");
        assertThat(printed(Carrier.TCP, 3, 1)).isEqualTo("doubling to 64K, ring");
        assertThat(printed(Carrier.TCP, 4, 1)).isEqualTo("doubling to 64K, halving-doubling");
        assertThat(printed(Carrier.TCP, 6, 1)).isEqualTo("doubling to 64K, halving-doubling to 256K, ring");
        assertThat(printed(Carrier.TCP, 256, 1)).isEqualTo("doubling to 64K, halving-doubling");
    }

    @Test
    void anAllReduceInSharedMemoryAndWithinAProcess() {
        assertThat(printed(Carrier.SHM, 2, 1)).isEqualTo("doubling to 8K, halving-doubling");
        assertThat(printed(Carrier.SHM, 3, 1)).isEqualTo("doubling to 8K, ring");
        assertThat(printed(Carrier.SHM, 6, 1)).isEqualTo("doubling to 8K, halving-doubling to 16K, ring");
        assertThat(printed(Carrier.LOCAL, 4, 4)).isEqualTo("doubling to 16K, halving-doubling");
    }

    @Test
    void processesOfSeveralRanksAddUpAmongThemselvesFirst() {
        assertThat(printed(Carrier.TCP, 4, 2)).isEqualTo("doubling to 64K, hierarchical");
        assertThat(printed(Carrier.TCP, 8, 2)).isEqualTo("doubling to 64K, halving-doubling to 128K, hierarchical");
        assertThat(printed(Carrier.SHM, 4, 2)).isEqualTo("doubling to 8K, hierarchical");
    }

    @Test
    void stepsAreSavedWhereMessagesAreLate() {
        assertThat(printed(new GroupShape(2, 1, Carrier.TCP), Duration.ofMillis(5)))
                .isEqualTo("doubling to 4356K, halving-doubling");
    }

    @Test
    void beyondScratchMemoryOnlyARingIsLeft() {
        for (int numRanks : new int[] {2, 3, 256}) {
            AlgorithmTable table = new AlgorithmTable(new GroupShape(numRanks, 1, Carrier.TCP), Duration.ofSeconds(1));
            assertThat(table.pick(CollectiveOp.ALL_REDUCE, (1L << 30) + 1)).isEqualTo("ring");
        }
    }

    @Test
    void processesOfSeveralRanksScatterAndGatherHierarchically() {
        AlgorithmTable table = new AlgorithmTable(new GroupShape(6, 3, Carrier.TCP), Duration.ZERO);
        assertThat(table.pick(CollectiveOp.REDUCE_SCATTER, 24)).isEqualTo("hierarchical");
        assertThat(table.pick(CollectiveOp.ALL_GATHER, 24)).isEqualTo("hierarchical");
        AlgorithmTable within = new AlgorithmTable(new GroupShape(6, 6, Carrier.LOCAL), Duration.ZERO);
        assertThat(within.pick(CollectiveOp.REDUCE_SCATTER, 24)).isEqualTo("ring");
        assertThat(within.pick(CollectiveOp.ALL_GATHER, 24)).isEqualTo("ring");
    }

    @Test
    void otherOpsHaveOneAlgorithmEach() {
        AlgorithmTable table = new AlgorithmTable(new GroupShape(5, 1, Carrier.TCP), Duration.ZERO);
        assertThat(table.pick(CollectiveOp.REDUCE_SCATTER, 5)).isEqualTo("ring");
        assertThat(table.pick(CollectiveOp.ALL_GATHER, 5)).isEqualTo("ring");
        assertThat(table.pick(CollectiveOp.ALL_TO_ALL, 5)).isEqualTo("pairwise");
        assertThat(table.pick(CollectiveOp.BROADCAST, 5)).isEqualTo("tree");
        assertThat(table.pick(CollectiveOp.BARRIER, 0)).isEqualTo("dissemination");
    }
}
