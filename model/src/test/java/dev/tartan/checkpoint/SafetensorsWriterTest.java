package dev.tartan.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.graph.DType;
import dev.tartan.mesh.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsWriterTest {
    private static final List<TensorDeclaration> WEIGHT =
            List.of(new TensorDeclaration("weight", DType.FLOAT32, Shape.shape(4, 6)));

    @TempDir
    Path folder;

    @Test
    void whatIsWrittenInBoxesIsReadWholeAndBack() {
        Path path = folder.resolve("new/folder/out.safetensors");
        float[] weight = new float[24];
        for (int i = 0; i < 24; i++) {
            weight[i] = i * 0.25f;
        }
        List<TensorDeclaration> tensors = List.of(
                new TensorDeclaration("odd", DType.FLOAT32, Shape.shape(3)),
                new TensorDeclaration("weight", DType.FLOAT32, Shape.shape(4, 6)),
                new TensorDeclaration("wide", DType.FLOAT64, Shape.shape(2)),
                new TensorDeclaration("scalar", DType.INT32, Shape.shape()));
        try (SafetensorsWriter writer = SafetensorsWriter.create(path, tensors, Map.of("made-by", "tartan"))) {
            for (int column : new int[] {3, 0}) {
                TensorSlice slice = TensorSlice.of(new long[] {0, column}, new long[] {4, 3});
                float[] box = new float[12];
                for (int i = 0; i < 12; i++) {
                    box[i] = weight[i / 3 * 6 + column + i % 3];
                }
                writer.writeFloats("weight", slice, box);
            }
            writer.writeInts("scalar", TensorSlice.whole(Shape.shape()), new int[] {-5});
            writer.writeDoubles("wide", TensorSlice.whole(Shape.shape(2)), new double[] {Math.PI, Double.NaN});
            writer.writeFloats("odd", new float[] {1, 2, 3});
            assertThat(path).doesNotExist();
            writer.finish();
        }
        try (SafetensorsReader reader = SafetensorsReader.open(path)) {
            assertThat(reader.metadata()).containsExactly(Map.entry("made-by", "tartan"));
            assertThat(reader.tensors().keySet()).containsExactly("wide", "odd", "weight", "scalar");
            assertThat(reader.readFloats("weight")).containsExactly(weight);
            assertThat(reader.readInts("scalar")).containsExactly(-5);
            assertThat(reader.readDoubles("wide")).containsExactly(Math.PI, Double.NaN);
            assertThat(reader.readFloats("odd")).containsExactly(1, 2, 3);
        }
        assertThat(path.getParent()).isDirectoryContaining(path::equals);
        assertThat(path.getParent().toFile().list()).hasSize(1);
    }

    @Test
    void tensorsLargerThanAChunkSurvive() {
        Shape shape = Shape.shape(3, 300_001);
        float[] values = new float[(int) shape.numElements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = i;
        }
        Path path = folder.resolve("large.safetensors");
        try (SafetensorsWriter writer =
                SafetensorsWriter.create(path, List.of(new TensorDeclaration("t", DType.FLOAT32, shape)), Map.of())) {
            FloatBuffer buffer = FloatBuffer.wrap(values).position(300_001);
            writer.writeFloats("t", TensorSlice.rows(shape, 1, 2), buffer);
            assertThat(buffer.position()).isEqualTo(300_001);
            writer.writeFloats("t", TensorSlice.rows(shape, 0, 1), FloatBuffer.wrap(values, 0, 300_001));
            writer.finish();
        }
        try (SafetensorsReader reader = SafetensorsReader.open(path)) {
            assertThat(reader.readFloats("t")).isEqualTo(values);
        }
    }

    @Test
    void copyOfAGoldenFileHoldsTheSameHeaderAndData() throws IOException {
        Path golden = SafetensorsFiles.golden("llama-init.safetensors");
        Path copy = folder.resolve("copy.safetensors");
        try (SafetensorsReader reader = SafetensorsReader.open(golden)) {
            List<TensorDeclaration> tensors = new ArrayList<>();
            reader.tensors()
                    .values()
                    .forEach(entry -> tensors.add(new TensorDeclaration(entry.name(), DType.FLOAT32, entry.shape())));
            try (SafetensorsWriter writer = SafetensorsWriter.create(copy, tensors, Map.of())) {
                for (String name : reader.tensors().keySet()) {
                    writer.writeFloats(name, reader.readFloats(name));
                }
                writer.finish();
            }
        }
        // The file was written by the format's own Python package, in the same order.
        assertThat(copy).hasSameBinaryContentAs(golden);
    }

    @Test
    void unfinishedFileLeavesNothingBehindAndTheOldOneInPlace() throws IOException {
        Path path = Files.writeString(folder.resolve("out.safetensors"), "old");
        try (SafetensorsWriter writer = SafetensorsWriter.create(path, WEIGHT, Map.of())) {
            writer.writeFloats("weight", new float[24]);
        }
        assertThat(path).hasContent("old");
        assertThat(folder.toFile().list()).containsExactly("out.safetensors");
    }

    @Test
    void finishingEarlyNamesTheUnwrittenTensor() {
        Path path = folder.resolve("out.safetensors");
        try (SafetensorsWriter writer = SafetensorsWriter.create(path, WEIGHT, Map.of())) {
            writer.writeFloats("weight", TensorSlice.rows(Shape.shape(4, 6), 0, 3), new float[18]);
            assertThatThrownBy(writer::finish)
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("tensor was not written wholly: tensor=weight, path=" + path
                            + ", written=18, numElements=24.");
        }
        assertThat(path).doesNotExist();
    }

    @Test
    void misuseIsReported() {
        Path path = folder.resolve("out.safetensors");
        String where = "tensor=weight, slice=[0:4, 0:6], shape=[4, 6], path=" + path + ".";
        TensorSlice whole = TensorSlice.whole(Shape.shape(4, 6));
        try (SafetensorsWriter writer = SafetensorsWriter.create(path, WEIGHT, Map.of())) {
            assertThatThrownBy(() -> writer.writeFloats("other", new float[24]))
                    .hasMessageStartingWith("tensor was not declared: tensor=other");
            assertThatThrownBy(() -> writer.writeInts("weight", whole, new int[24]))
                    .hasMessage("tensor has another element type: declared=F32, written=INT32, " + where);
            assertThatThrownBy(() -> writer.writeFloats("weight", new float[23]))
                    .hasMessage("values do not fill the slice: numValues=23, " + where);
            writer.writeFloats("weight", new float[24]);
            assertThatThrownBy(() -> writer.writeFloats("weight", new float[24]))
                    .hasMessage("slice was written before: tensor=weight, slice=[0:4, 0:6], shape=[4, 6], path=" + path
                            + ". Write replicas only once.");
        }
        assertThatThrownBy(() -> SafetensorsWriter.create(path, List.of(WEIGHT.get(0), WEIGHT.get(0)), Map.of()))
                .hasMessage("tensor name is taken: tensor=weight. Give every tensor of a file its own name.");
    }

    @Test
    void fullDiskDeletesThePartialFileAndSaysSoOnce() {
        Path path = folder.resolve("out.safetensors");
        SafetensorsWriter writer = SafetensorsWriter.create(path, WEIGHT, Map.of(), partial -> new FullDisk(partial));
        assertThatThrownBy(() -> writer.writeFloats("weight", new float[24]))
                .isInstanceOf(OutputException.class)
                .hasMessage("output file cannot be written: path=" + path
                        + ", reason=No space left on device. Free space or choose another output.dir.");
        // Another rank's write finds the file closed, which is not the news.
        assertThatThrownBy(() -> writer.writeFloats("weight", new float[24]))
                .isInstanceOf(OutputException.class)
                .hasMessageContaining("No space left on device");
        writer.close();
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void fileInPlaceOfAFolderIsReported() throws IOException {
        Path file = Files.write(folder.resolve("file"), "x".getBytes(StandardCharsets.UTF_8));
        Path path = file.resolve("out.safetensors");
        assertThatThrownBy(() -> SafetensorsWriter.create(path, WEIGHT, Map.of()))
                .isInstanceOf(OutputException.class)
                .hasMessage("output file cannot be written: path=" + path
                        + ", reason=a file is in the place of a folder. Move the file or choose another output.dir.");
    }

    /** Takes the header, then has no room left. */
    private static final class FullDisk implements PositionalFile {
        private final PositionalFile file;

        FullDisk(Path path) throws IOException {
            file = PositionalFile.open(path);
        }

        @Override
        public void write(ByteBuffer bytes, long position) throws IOException {
            if (position > 0) {
                throw new IOException("No space left on device");
            }
            file.write(bytes, position);
        }

        @Override
        public void force() throws IOException {
            file.force();
        }

        @Override
        public void close() throws IOException {
            file.close();
        }
    }
}
