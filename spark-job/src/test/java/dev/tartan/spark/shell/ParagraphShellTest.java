package dev.tartan.spark.shell;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Spark's REPL, submitted as scripts/shell does. */
@Tag("slow")
@Timeout(600)
class ParagraphShellTest {
    @TempDir
    Path folder;

    @Test
    void paragraphsUseTartanOnExecutorsUntilOneFails() throws Exception {
        ShellRun run = ShellRun.of(folder, "local-cluster[2,1,1024]", "512m", """
                val rows = 2
                import dev.tartan.mesh.Shape

                class Area(val columns: Int) extends Serializable {

                  def of(rows: Int) = Shape.shape(rows, columns).numElements()
                }
                object Area { def apply(columns: Int) = new Area(columns) }

                val area = Area(10)
                println("sum " + sc.parallelize(1 to 4, 2).map(i => area.of(i + rows)).sum())

                // the next line throws
                require(rows > 2, "too small")

                println("went " + "on")
                """);
        assertThat(run.err()).contains("tartan: paragraph failed: line=13. See the messages above.");
        assertThat(run.out()).contains("sum 180.0", "too small").doesNotContain("went on");
        assertThat(run.exitCode()).isEqualTo(1);
    }
}
