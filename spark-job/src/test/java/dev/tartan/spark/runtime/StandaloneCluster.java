package dev.tartan.spark.runtime;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.launcher.JavaModuleOptions;

/**
 * A standalone cluster of this machine: a master and workers of one core, each a process of its own, so that one that
 * is killed stays away until another is started. (A local-cluster replaces executors at once.)
 */
final class StandaloneCluster implements AutoCloseable {
    private final Path folder;
    private final int port;
    private final Process master;
    private final List<Process> workers = new ArrayList<>();
    private int started;

    private StandaloneCluster(Path folder, int port) throws IOException {
        this.folder = folder;
        this.port = port;
        this.master = start(
                "master",
                "org.apache.spark.deploy.master.Master",
                "--port",
                Integer.toString(port),
                "--webui-port",
                "0");
    }

    /** Starts a cluster with so many workers, which write below a folder. */
    static StandaloneCluster start(Path folder, int numWorkers) throws IOException, InterruptedException {
        StandaloneCluster cluster = new StandaloneCluster(folder, freePort());
        cluster.awaitMaster();
        for (int i = 0; i < numWorkers; i++) {
            cluster.startWorker();
        }
        return cluster;
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private void awaitMaster() throws InterruptedException {
        while (master.isAlive()) {
            try (Socket socket = new Socket()) {
                socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 1000);
                return;
            } catch (IOException e) {
                Thread.sleep(50);
            }
        }
        throw new IllegalStateException("master ended: exitCode=" + master.exitValue() + ", log=" + folder);
    }

    String url() {
        return "spark://127.0.0.1:" + port;
    }

    /** How many workers are there. */
    int numWorkers() {
        return workers.size();
    }

    /** Starts one more worker; its place is the last. */
    void startWorker() throws IOException {
        workers.add(start(
                "worker-" + started++,
                "org.apache.spark.deploy.worker.Worker",
                "--cores",
                "1",
                "--memory",
                "1g",
                "--webui-port",
                "0",
                "--work-dir",
                folder.resolve("work").toString(),
                url()));
    }

    /** Kills a worker and its executors, as when its machine is switched off. */
    void killWorker(int index) {
        Process worker = workers.remove(index);
        List<ProcessHandle> executors = worker.descendants().toList();
        worker.destroyForcibly();
        executors.forEach(ProcessHandle::destroyForcibly);
    }

    private Process start(String name, String mainClass, String... arguments) throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of(JavaModuleOptions.defaultModuleOptions().split(" ")));
        command.addAll(List.of("-Xmx256m", "-cp", System.getProperty("java.class.path"), mainClass));
        command.addAll(List.of("--host", "127.0.0.1"));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve(name + ".log").toFile())
                .start();
    }

    @Override
    public void close() {
        while (!workers.isEmpty()) {
            killWorker(0);
        }
        master.destroyForcibly().onExit().join();
    }
}
