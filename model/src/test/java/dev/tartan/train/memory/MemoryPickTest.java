package dev.tartan.train.memory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.mesh.Device;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.Shape;
import dev.tartan.train.checkpoint.RunProgress;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class MemoryPickTest {
    private static final StateReplicas TWO = replicas(List.of("data"), List.of("model"), 2, 1);
    private static final StateReplicas SPLIT = replicas(List.of("data"), List.of("model"), 2, 2);

    private static StateReplicas replicas(List<String> along, List<String> over, int data, int model) {
        Mesh mesh = Mesh.of(Device.cpus(data * model), Shape.shape(data, model), "data", "model");
        return new StateReplicas(mesh, along, over);
    }

    private static HeldState state(int shard, long step) {
        return state(shard, step, true);
    }

    private static HeldState state(int shard, long step, boolean evaluated) {
        return new HeldState(shard, new RunProgress(step, -1, 1, 1, 0, null), evaluated);
    }

    private static Holding holding(HeldState... states) {
        return new Holding("somewhere", 0, 1000, Arrays.asList(states));
    }

    private static @Nullable MemoryPick pick(StateReplicas replicas, Holding... holdings) {
        return MemoryPick.of(replicas, List.of(holdings), 0, 0);
    }

    private static MemoryPick picked(StateReplicas replicas, Holding... holdings) {
        MemoryPick pick = pick(replicas, holdings);
        if (pick == null) {
            throw new AssertionError("nothing is picked of " + List.of(holdings));
        }
        return pick;
    }

    @Test
    void oneReplicaGivesToTheOther() {
        MemoryPick pick = picked(TWO, holding(), holding(state(0, 7)));
        assertThat(pick.progress().step()).isEqualTo(7);
        assertThat(pick.holders()).containsExactly(1);
        assertThat(pick.teller()).isEqualTo(1);
        assertThat(pick.giver(TWO, 0)).isEqualTo(1);
        assertThat(pick.isGiven(TWO, 0)).isTrue();
    }

    @Test
    void theLatestStepIsTaken() {
        MemoryPick pick = picked(TWO, holding(state(0, 6)), holding(state(0, 7)));
        assertThat(pick.progress().step()).isEqualTo(7);
        assertThat(pick.holders()).containsExactly(1);
    }

    @Test
    void anEvaluationThatNotAllHoldersEndedIsMadeAgain() {
        MemoryPick pick = picked(TWO, holding(state(0, 7, true)), holding(state(0, 7, false)));
        assertThat(pick.state().evaluated()).isFalse();
        assertThat(pick.holders()).containsExactly(0, 1);
        assertThat(picked(TWO, holding(state(0, 7)), holding(state(0, 7)))
                        .state()
                        .evaluated())
                .isTrue();
        assertThat(picked(TWO, holding(state(0, 6, false)), holding(state(0, 7)))
                        .state()
                        .evaluated())
                .isTrue();
    }

    @Test
    void allHoldersOfTheSameStepNeedNothing() {
        MemoryPick pick = picked(TWO, holding(state(0, 7)), holding(state(0, 7)));
        assertThat(pick.holders()).containsExactly(0, 1);
        assertThat(pick.isGiven(TWO, 0)).isFalse();
    }

    @Test
    void nobodyHoldsAnything() {
        assertThat(pick(TWO, holding(), holding())).isNull();
    }

    @Test
    void everyPartIsNeededAtTheSameStep() {
        // Two processes of two ranks, each with both parts.
        assertThat(pick(SPLIT, holding(), holding(state(0, 7)))).isNull();
        assertThat(pick(SPLIT, holding(), holding(state(0, 7), state(1, 8)))).isNull();
        assertThat(picked(SPLIT, holding(state(1, 7)), holding(state(0, 7))).holders())
                .containsExactly(1, 2);
        MemoryPick older = picked(SPLIT, holding(state(0, 7), state(1, 7)), holding(state(0, 8)));
        assertThat(older.progress().step()).isEqualTo(7);
        assertThat(older.holders()).containsExactly(0, 1);
    }

    @Test
    void aProcessWhoseRanksNeedAnotherPartIsNoHolder() {
        // Four processes of one rank: what was rank 0 is rank 1 now.
        assertThat(pick(SPLIT, holding(), holding(state(0, 7)), holding(), holding(state(1, 7))))
                .isNull();
        assertThat(picked(SPLIT, holding(), holding(), holding(state(0, 7)), holding(state(1, 7)))
                        .holders())
                .containsExactly(2, 3);
    }

    @Test
    void aProcessHoldsNoMoreRanksThanItKept() {
        StateReplicas four = replicas(List.of("data"), List.of("model"), 4, 1);
        assertThat(picked(four, holding(), holding(state(0, 6), state(0, 7))).holders())
                .containsExactly(2);
        assertThat(picked(four, holding(), holding(state(0, 7), state(0, 7))).holders())
                .containsExactly(2, 3);
    }

    @Test
    void stepsThatNobodyCanTellOfAreNotGoneOnFrom() {
        Holding short6 = new Holding("somewhere", 5, 6, List.of(state(0, 7)));
        Holding all = new Holding("somewhere", 5, 7, List.of(state(0, 7)));
        assertThat(MemoryPick.of(TWO, List.of(short6, holding()), 5, 0)).isNull();
        assertThat(MemoryPick.of(TWO, List.of(all, holding()), 4, 0)).isNull();
        assertThat(MemoryPick.of(TWO, List.of(all, holding()), 5, 0)).isNotNull();
        assertThat(MemoryPick.of(TWO, List.of(short6, holding()), 7, 0)).isNotNull();
        MemoryPick told = MemoryPick.of(TWO, List.of(short6, all), 5, 0);
        assertThat(told).isNotNull();
        assertThat(told.teller()).isEqualTo(1);
        assertThat(told.holders()).containsExactly(0, 1);
    }

    @Test
    void aLaterCheckpointIsBetter() {
        List<Holding> holdings = List.of(holding(state(0, 7)), holding());
        assertThat(MemoryPick.of(TWO, holdings, 7, 8)).isNull();
        assertThat(MemoryPick.of(TWO, holdings, 7, 7)).isNotNull();
    }

    @Test
    void stateThatNoAxisRepeatsIsNowhereElse() {
        StateReplicas none = replicas(List.of(), List.of("data", "model"), 2, 1);
        assertThat(none.numReplicas()).isEqualTo(1);
        assertThat(pick(none, holding(), holding(state(1, 7)))).isNull();
    }
}
