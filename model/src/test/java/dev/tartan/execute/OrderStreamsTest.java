package dev.tartan.execute;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.backend.Arena;
import dev.tartan.backend.Buffer;
import dev.tartan.backend.Device;
import dev.tartan.backend.StreamUse;
import dev.tartan.backend.nd4j.Nd4jBackend;
import dev.tartan.collective.CollectiveCall;
import dev.tartan.collective.Communicator;
import dev.tartan.collective.local.LocalMesh;
import dev.tartan.graph.DType;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Memory is named by letters, each some bytes of its own. */
class OrderStreamsTest {
    private static final TensorType FLOATS = new TensorType(DType.FLOAT32, Shape.shape(4));

    private final Device device = new Nd4jBackend(1).device(0);
    private final Arena arena = device.allocate(64 * 26);
    private final LocalMesh mesh = LocalMesh.create(List.of("data", "model"), new int[] {1, 1}, Duration.ofSeconds(10));
    private final Map<String, CommunicationStream> streams = new HashMap<>();
    private final List<Step> steps = new ArrayList<>();

    @AfterEach
    void free() {
        arena.close();
    }

    private List<Buffer> buffers(String letters) {
        return letters.chars()
                .mapToObj(letter -> arena.buffer(FLOATS, 64L * (letter - 'a')))
                .toList();
    }

    private CollectiveTask task(String axis, String reads, String writes) {
        Communicator communicator = mesh.communicator(0, List.of(axis));
        return CollectiveTask.of(communicator, CollectiveCall.barrier("test"), buffers(reads), buffers(writes));
    }

    private OrderStreamsTest compute(String reads, String writes) {
        MemoryUse use = new MemoryUse(buffers(reads), buffers(writes), null);
        steps.add(new Step.Local(reads + ">" + writes, stream -> {}, use));
        return this;
    }

    private OrderStreamsTest start(String axis, String reads, String writes) {
        return start(axis, task(axis, reads, writes), reads + ">" + writes);
    }

    /** Starts one that goes through memory of the host. */
    private OrderStreamsTest stage(String axis, String reads, String writes) {
        Communicator communicator = mesh.communicator(0, List.of(axis));
        StagedCollective staged = new StagedCollective(communicator, axis, buffers(reads), buffers(writes), List.of());
        return start(axis, staged, reads + ">" + writes);
    }

    private OrderStreamsTest start(String axis, CollectiveWork work, String label) {
        CommunicationStream stream =
                streams.computeIfAbsent(axis, key -> new CommunicationStream(device.stream(StreamUse.COMMUNICATION)));
        steps.add(new Step.Started(
                axis + " " + label, work, stream, device.event(), device.event(), Step.Times.on(device)));
        return this;
    }

    private OrderStreamsTest call(String axis, String reads, String writes) {
        steps.add(new Step.Blocking(
                "call " + axis + " " + reads + ">" + writes, task(axis, reads, writes), Step.Times.on(device)));
        return this;
    }

    private OrderStreamsTest await() {
        steps.add(new Step.Join("await", Step.Times.on(device)));
        return this;
    }

    private void assertOrder(String... expected) {
        await();
        OrderStreams.run(steps);
        assertThat(steps.stream().map(Step::toString)).containsExactly(expected);
    }

    @Test
    void theLastOfAStreamIsWaitedForWhereSomethingNeedsIt() {
        start("data", "a", "b")
                .start("data", "c", "d")
                .compute("e", "f")
                .await()
                .await()
                .compute("b", "g")
                .assertOrder("data a>b", "data c>d", "e>f", "await []", "await [data a>b]", "b>g", "await [data c>d]");
    }

    @Test
    void aCollectiveWaitsForWhatWasComputedOnlyIfItConflicts() {
        start("data", "a", "b")
                .compute("x", "c")
                .start("data", "d", "e")
                .start("data", "c", "f")
                .compute("x", "g")
                .start("data", "x", "h")
                .compute("x", "i")
                .start("data", "j", "i")
                .assertOrder(
                        "data a>b",
                        "x>c",
                        "data d>e",
                        "data c>f when ready",
                        "x>g",
                        "data x>h",
                        "x>i",
                        "data j>i when ready",
                        "await [data j>i]");
    }

    @Test
    void oneOrderIsEnoughForAllThatWasComputedBefore() {
        compute("x", "ab")
                .start("data", "a", "c")
                .start("data", "b", "d")
                .start("model", "b", "e")
                .assertOrder(
                        "x>ab",
                        "data a>c when ready",
                        "data b>d",
                        "model b>e when ready",
                        "await [data b>d, model b>e]");
    }

    @Test
    void whatOneStreamMadeReachesAnotherThroughTheOneForComputing() {
        start("data", "a", "b")
                .await()
                .start("model", "b", "c")
                .assertOrder("data a>b", "await [data a>b]", "model b>c when ready", "await [model b>c]");
    }

    @Test
    void whatCopiesBesideItsCallsWaitsForWhatItTouchesToo() {
        stage("data", "a", "b")
                .stage("data", "c", "d")
                .await()
                .stage("data", "b", "e")
                .stage("data", "f", "g")
                .assertOrder(
                        "data a>b",
                        "data c>d",
                        "await [data a>b]",
                        "data b>e when ready",
                        "data f>g",
                        "await [data f>g]");
    }

    @Test
    void aBlockingCollectiveComesAfterThoseStartedOnItsCommunicator() {
        start("data", "a", "b")
                .start("model", "c", "d")
                .call("data", "e", "f")
                .start("data", "g", "h")
                .assertOrder(
                        "data a>b",
                        "model c>d",
                        "call data e>f after [data a>b]",
                        "data g>h when ready",
                        "await [data g>h, model c>d]");
    }
}
