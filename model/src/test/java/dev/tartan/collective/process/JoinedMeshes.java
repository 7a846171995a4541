package dev.tartan.collective.process;

import dev.tartan.collective.MeshAxes;
import dev.tartan.collective.algorithm.AlgorithmChoice;
import dev.tartan.collective.process.SpawnRanks.Wiring;
import dev.tartan.collective.transport.tcp.JobSecret;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/** A mesh of several processes that all are this one, joined over loopback. */
public final class JoinedMeshes implements AutoCloseable {
    private final List<ProcessMesh> meshes;

    private JoinedMeshes(List<ProcessMesh> meshes) {
        this.meshes = meshes;
    }

    /** Joins the processes. */
    public static JoinedMeshes of(Wiring wiring, MeshAxes axes, int numProcesses) {
        return of(wiring, axes, numProcesses, options -> options);
    }

    /** Joins the processes with changed options. */
    public static JoinedMeshes of(
            Wiring wiring, MeshAxes axes, int numProcesses, UnaryOperator<ProcessMeshOptions> change) {
        SpawnRanks.Join how = SpawnRanks.over(SpawnRanks.bind(numProcesses), JobSecret.random(), SpawnRanks.options());
        ProcessMeshOptions options = change.apply(
                SpawnRanks.meshOptions(wiring, AlgorithmChoice.defaults()).withSharedWork(true));
        // Each waits for the others.
        List<CompletableFuture<ProcessMesh>> joining = new ArrayList<>();
        IntStream.range(0, numProcesses).forEach(process -> {
            CompletableFuture<ProcessMesh> future = new CompletableFuture<>();
            joining.add(future);
            Thread thread = new Thread(
                    () -> {
                        try {
                            future.complete(new ProcessMesh(how.join(process), axes, options));
                        } catch (RuntimeException | Error e) {
                            future.completeExceptionally(e);
                        }
                    },
                    "join-" + process);
            thread.setDaemon(true);
            thread.start();
        });
        return new JoinedMeshes(joining.stream().map(CompletableFuture::join).toList());
    }

    /** The mesh as one of the processes sees it. */
    public ProcessMesh process(int process) {
        return meshes.get(process);
    }

    /** Number of processes. */
    public int numProcesses() {
        return meshes.size();
    }

    @Override
    public void close() {
        meshes.forEach(ProcessMesh::close);
    }
}
