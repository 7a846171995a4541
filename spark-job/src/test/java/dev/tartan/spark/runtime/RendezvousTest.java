package dev.tartan.spark.runtime;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class RendezvousTest {
    @Test
    void tasksOfAMachineBecomeNeighbours() {
        assertThat(orderOf("a", "b", "a", "b")).containsExactly(0, 2, 1, 3);
        assertThat(orderOf("b", "a", "c", "a", "c", "b")).containsExactly(0, 5, 1, 3, 2, 4);
    }

    @Test
    void tasksOfOneMachineKeepTheirOrder() {
        assertThat(orderOf("a")).containsExactly(0);
        assertThat(orderOf("a", "a", "a")).containsExactly(0, 1, 2);
        assertThat(orderOf("c", "b", "a")).containsExactly(0, 1, 2);
    }

    @Test
    void everyTaskFindsTheSameProcessesAndItself() {
        List<ProcessCard> cards = List.of(card(0, "a"), card(1, "b"), card(2, "a"));
        List<ProcessCard> expected = List.of(cards.get(0), cards.get(2), cards.get(1));
        assertThat(cards.stream().map(own -> Rendezvous.meeting(json(cards), 3, own)))
                .containsExactly(new Meeting(expected, 0), new Meeting(expected, 2), new Meeting(expected, 1));
    }

    @Test
    void cardsSurviveTheJourney() throws Exception {
        ProcessCard card = new ProcessCard(1, "7", "höst \"one\"", 65535, "boot", 3, List.of("0", "GPU-1f"));
        assertThat(ProcessCard.parse(card.toJson())).isEqualTo(card);
    }

    @Test
    void aMissingCardIsAnError() {
        assertThatThrownBy(() -> Rendezvous.meeting(json(List.of(card(0, "a"))), 2, card(0, "a")))
                .isExactlyInstanceOf(IllegalStateException.class)
                .hasMessage("processes do not all take part in the rendezvous: cards=1, tasks=2. Run the job again.");
    }

    @Test
    void anUnreadableCardIsNamed() {
        List<ProcessCard> cards = List.of(card(0, "a"), card(1, "a"));
        for (String bad : List.of(
                "{",
                "null",
                "{\"taskIndex\":1}",
                "{\"port\":1,\"colour\":2}",
                cards.get(1).toJson().replace("\"e1\"", "null"),
                "[]",
                "")) {
            List<String> json = List.of(card(0, "a").toJson(), bad);
            assertThatThrownBy(() -> Rendezvous.meeting(json, 2, card(0, "a")))
                    .isExactlyInstanceOf(IllegalStateException.class)
                    .hasMessage("process card cannot be read: task=1, card=" + bad
                            + ". Put the same version of Tartan on all executors.");
        }
    }

    @Test
    void cardsInAnotherOrderThanTasksAreAnError() {
        List<String> json = json(List.of(card(0, "a"), card(0, "a")));
        assertThatThrownBy(() -> Rendezvous.meeting(json, 2, card(0, "a")))
                .isExactlyInstanceOf(IllegalStateException.class)
                .hasMessage("process card is another task's: task=1, card=" + json.get(1)
                        + ". Put the same version of Tartan on all executors.");
    }

    @Test
    void aProcessThatDoesNotFindItselfFails() {
        assertThatThrownBy(() -> Rendezvous.meeting(json(List.of(card(0, "a"))), 1, card(0, "b")))
                .isExactlyInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith("process finds another card in place of its own: own=ProcessCard[taskIndex=0,");
    }

    @Test
    void aGpuGivenTwiceIsFoundByEveryTask() {
        List<ProcessCard> cards = List.of(
                card(0, "boot", "alpha", "0", "1"), card(1, "other", "beta", "0", "1"), card(2, "boot", "alpha", "1"));
        for (ProcessCard own : cards) {
            assertThatThrownBy(() -> Rendezvous.meeting(json(cards), 3, own))
                    .isExactlyInstanceOf(IllegalArgumentException.class)
                    .hasMessage("GPU was given to two tasks: address=1, host=alpha, executors=[e0, e2], tasks=[0, 2]."
                            + " Make the discovery script give each executor GPUs of its own, or run one executor a"
                            + " host.");
        }
    }

    @Test
    void podsOfOneMachineEachCountTheirGpusFromZero() {
        List<ProcessCard> cards = List.of(card(0, "boot", "10.1.0.7", "0"), card(1, "boot", "10.1.0.8", "0"));
        assertThat(Rendezvous.meeting(json(cards), 2, cards.get(1)).self()).isEqualTo(1);
    }

    @Test
    void whoHoldsSomethingIsPutWhereItWas() {
        // Machines a and b had the processes 0, 1 and 2, 3; task 0 was lost, and replaced on b.
        assertThat(orderHolding(holding(0, "b", -1), holding(1, "a", 1), holding(2, "b", 2), holding(3, "b", 3)))
                .containsExactly(0, 1, 2, 3);
        assertThat(orderHolding(holding(0, "a", 0), holding(1, "b", 2), holding(2, "a", -1)))
                .containsExactly(0, 2, 1);
    }

    @Test
    void whoCannotBeWhereItWasIsPutInOrderAnew() {
        assertThat(orderHolding(holding(0, "a", 1), holding(1, "b", 0))).containsExactly(0, 1);
        assertThat(orderHolding(holding(0, "a", -1), holding(1, "b", 1), holding(2, "a", 1)))
                .containsExactly(0, 2, 1);
        assertThat(orderHolding(holding(0, "a", -1), holding(1, "b", 3), holding(2, "a", -1)))
                .containsExactly(0, 2, 1);
    }

    private static List<Integer> orderHolding(ProcessCard... cards) {
        return Rendezvous.meshOrder(List.of(cards)).stream()
                .map(ProcessCard::taskIndex)
                .toList();
    }

    private static ProcessCard holding(int task, String bootId, int held) {
        return new ProcessCard(task, "e" + task, "host", 7000 + task, bootId, held, List.of());
    }

    private static List<Integer> orderOf(String... bootIds) {
        List<ProcessCard> cards = Stream.iterate(0, i -> i < bootIds.length, i -> i + 1)
                .map(i -> card(i, bootIds[i]))
                .toList();
        return Rendezvous.meshOrder(cards).stream().map(ProcessCard::taskIndex).toList();
    }

    private static ProcessCard card(int task, String bootId) {
        return card(task, bootId, "host-" + bootId);
    }

    private static ProcessCard card(int task, String bootId, String host, String... gpus) {
        return new ProcessCard(task, "e" + task, host, 7000 + task, bootId, ProcessCard.NONE, List.of(gpus));
    }

    private static List<String> json(List<ProcessCard> cards) {
        return cards.stream().map(ProcessCard::toJson).toList();
    }
}
