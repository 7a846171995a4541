package dev.tartan.spark.filesystem;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.path.UriPath;
import java.nio.file.Path;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.hdfs.MiniDFSCluster;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Tag("slow")
@Timeout(180)
class CheckpointsInHdfsTest {
    @TempDir
    Path folder;

    /** The one data node is down while three checkpoints are due, as if the disk of HDFS were full. */
    @SuppressWarnings("try") // The properties are read by Tartan.
    @Test
    void aRunOutlivesALostDataNodeAndGoesOnFromWhatItLeftThere() throws Exception {
        Configuration conf = new Configuration();
        conf.set(MiniDFSCluster.HDFS_MINIDFS_BASEDIR, folder.resolve("hdfs").toString());
        try (MiniDFSCluster cluster =
                        new MiniDFSCluster.Builder(conf).numDataNodes(1).build();
                StoreProperties properties = new StoreProperties().with(Map.of("spark.hadoop.dfs.replication", "1"))) {
            cluster.waitActive();
            Path checkpoints = UriPath.of(cluster.getURI() + "/checkpoints");
            StoredRun run = new StoredRun(folder, checkpoints);
            MiniDFSCluster.DataNodeProperties[] stopped = new MiniDFSCluster.DataNodeProperties[1];
            run.failing(() -> stopped[0] = cluster.stopDataNode(0), () -> restart(cluster, stopped[0]));
            byte[] trained = run.train(false, null);
            assertThat(trained).isEqualTo(new StoredRun(folder, folder.resolve("undisturbed")).train(false, null));
            assertThat(run.failures().get(3)).contains("could only be written to 0 of the 1 minReplication nodes");
            assertThat(run.failures().subList(5, 8)).containsOnlyNulls();
            assertThat(run.steps()).containsExactly(8L, 7L, 6L);
            assertThat(new StoredRun(folder, checkpoints)
                            .train(true, run.checkpoints().get(2).folder()))
                    .isEqualTo(trained);
        }
    }

    private static void restart(MiniDFSCluster cluster, MiniDFSCluster.DataNodeProperties node) {
        try {
            assertThat(cluster.restartDataNode(node, true)).isTrue();
            cluster.waitActive();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }
}
