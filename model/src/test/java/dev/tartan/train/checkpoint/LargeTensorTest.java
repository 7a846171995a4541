package dev.tartan.train.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.checkpoint.SafetensorsReader;
import dev.tartan.checkpoint.TensorSlice;
import dev.tartan.checkpoint.sharded.ShardReader;
import dev.tartan.checkpoint.sharded.ShardedCheckpoint;
import dev.tartan.checkpoint.sharded.TensorPieces;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LargeTensorTest {
    @TempDir
    Path folder;

    @Test
    void aTensorLargerThanTheHeapIsExportedAndResharded() throws Exception {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx24m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        LargeTensor.class.getName(),
                        folder.toString())
                .redirectErrorStream(true)
                .start();
        String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(printed).isZero();
        assertThat(Long.parseLong(printed.strip())).isLessThan(LargeTensor.SHAPE.numElements() * Float.BYTES / 2);

        try (SafetensorsReader reader = SafetensorsReader.open(folder.resolve("exported/model.safetensors"))) {
            for (long row = 0; row < LargeTensor.SHAPE.dim(0); row++) {
                assertRow(row, reader.readFloats("w", TensorSlice.rows(LargeTensor.SHAPE, row, 1)));
            }
        }
        ShardedCheckpoint resharded = ShardedCheckpoint.open(folder.resolve("resharded"));
        float[] values = new float[(int) LargeTensor.SHAPE.dim(1)];
        try (ShardReader reader = resharded.reader()) {
            TensorPieces pieces = new TensorPieces(reader);
            for (long row = 0; row < LargeTensor.SHAPE.dim(0); row += 7) {
                pieces.read(
                        resharded.manifest().tensors().get(0),
                        row * values.length,
                        values.length,
                        bytes -> bytes.asFloatBuffer().get(values));
                assertRow(row, values);
            }
        }
    }

    private static void assertRow(long row, float[] values) {
        for (int column = 0; column < values.length; column++) {
            if (values[column] != row * values.length + column) {
                throw new AssertionError("row " + row + ", column " + column + " is " + values[column]);
            }
        }
    }
}
