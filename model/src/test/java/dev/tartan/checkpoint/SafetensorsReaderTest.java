package dev.tartan.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.mesh.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsReaderTest {
    @TempDir
    Path folder;

    @Test
    void readsNamesAndShapesOfGoldenFile() {
        try (SafetensorsReader reader = SafetensorsReader.open(SafetensorsFiles.golden("gpt-init.safetensors"))) {
            assertThat(reader.tensor("h.0.attn.c_attn.weight").shape()).isEqualTo(Shape.shape(64, 192));
            assertThat(reader.tensor("h.0.attn.c_attn.weight").type()).isEqualTo(SafetensorsType.F32);
            assertThat(reader.tensors().keySet()).contains("wte.weight", "wpe.weight", "ln_f.bias");
            // ln weights start at one
            assertThat(reader.readFloats("ln_f.weight")).containsOnly(1f).hasSize(64);
        }
    }

    @Test
    void readsTokensOfGoldenBatchesAsInt32() {
        try (SafetensorsReader reader = SafetensorsReader.open(SafetensorsFiles.golden("lm-batches.safetensors"))) {
            Shape shape = reader.tensor("tokens").shape();
            assertThat(shape).isEqualTo(Shape.shape(40, 8, 33));
            int[] all = reader.readInts("tokens");
            int[] third = reader.readInts("tokens", TensorSlice.rows(shape, 3, 1));
            assertThat(third).hasSize(8 * 33);
            assertThat(third[5]).isEqualTo(all[3 * 8 * 33 + 5]);
            assertThat(Arrays.stream(all)).allMatch(token -> token >= 0 && token < 256);
        }
    }

    @Test
    void sliceEqualsTheBoxOfTheWhole() {
        try (SafetensorsReader reader = SafetensorsReader.open(SafetensorsFiles.golden("gpt-init.safetensors"))) {
            float[] whole = reader.readFloats("h.1.mlp.c_fc.weight");
            float[] columns =
                    reader.readFloats("h.1.mlp.c_fc.weight", TensorSlice.of(new long[] {16, 128}, new long[] {32, 64}));
            for (int row = 0; row < 32; row++) {
                for (int column = 0; column < 64; column++) {
                    assertThat(columns[row * 64 + column]).isEqualTo(whole[(16 + row) * 256 + 128 + column]);
                }
            }
        }
    }

    @Test
    void widensHalfPrecision() throws IOException {
        Path half = SafetensorsFiles.write(
                folder,
                "{\"a\":{\"dtype\":\"F16\",\"shape\":[6],\"data_offsets\":[0,12]},"
                        + "\"b\":{\"dtype\":\"BF16\",\"shape\":[2],\"data_offsets\":[12,16]}}",
                SafetensorsFiles.shorts(0x3c00, 0xc000, 0x0001, 0x7c00, 0x8000, 0x7bff, 0x3f80, 0xc2f7));
        try (SafetensorsReader reader = SafetensorsReader.open(half)) {
            assertThat(reader.readFloats("a")).containsExactly(1f, -2f, 0x1p-24f, Float.POSITIVE_INFINITY, -0f, 65504f);
            assertThat(reader.readFloats("b")).containsExactly(1f, -123.5f);
        }
    }

    @Test
    void narrowsInt64AndChecksItsRange() throws IOException {
        Path file = SafetensorsFiles.write(
                folder,
                "{\"y\":{\"dtype\":\"I64\",\"shape\":[3],\"data_offsets\":[0,24]}}",
                SafetensorsFiles.longs(7, -1, 1L << 31));
        try (SafetensorsReader reader = SafetensorsReader.open(file)) {
            assertThat(reader.readInts("y", TensorSlice.of(new long[] {0}, new long[] {2})))
                    .containsExactly(7, -1);
            assertThatThrownBy(() -> reader.readInts("y"))
                    .isInstanceOf(InvalidCheckpointException.class)
                    .hasMessage("tensor has a value that does not fit int32: tensor=y, path=" + file
                            + ", value=2147483648. Store indices below 2^31.");
        }
    }

    @Test
    void acceptsEmptyAndScalarTensorsAndMetadata() throws IOException {
        Path file = SafetensorsFiles.write(
                folder,
                "{\"__metadata__\":{\"format\":\"pt\"},\"none\":{\"dtype\":\"F32\",\"shape\":[0,3],\"data_offsets\":[0,0]},"
                        + "\"one\":{\"dtype\":\"F64\",\"shape\":[],\"data_offsets\":[0,8]}}   ",
                SafetensorsFiles.longs(Double.doubleToLongBits(0.5)));
        try (SafetensorsReader reader = SafetensorsReader.open(file)) {
            assertThat(reader.metadata()).containsEntry("format", "pt");
            assertThat(reader.readFloats("none")).isEmpty();
            assertThat(reader.readDoubles("one")).containsExactly(0.5);
            assertThat(reader.readFloats("one")).containsExactly(0.5f);
        }
    }

    @Test
    void errorsOfUseNameFileAndTensor() {
        Path path = SafetensorsFiles.golden("mlp-init.safetensors");
        try (SafetensorsReader reader = SafetensorsReader.open(path)) {
            assertThatThrownBy(() -> reader.readFloats("layers.9.bias"))
                    .hasMessage("tensor is not in the safetensors file: tensor=layers.9.bias, path=" + path
                            + ", numTensors=6. Check that the file is for this network.");
            assertThatThrownBy(() -> reader.readInts("layers.0.bias"))
                    .hasMessage("tensor has another element type: tensor=layers.0.bias, path=" + path
                            + ", dtype=F32, wanted=INT32. Convert the tensor in the file.");
            assertThatThrownBy(
                            () -> reader.readFloats("layers.0.bias", TensorSlice.of(new long[] {32}, new long[] {64})))
                    .hasMessage("slice is not within the tensor: tensor=layers.0.bias, path=" + path
                            + ", slice=[32:96], shape=[64]. Check that the file is for this network.");
        }
    }

    @Test
    void missingFileAndFolderAreReported() {
        Path missing = folder.resolve("none.safetensors");
        assertThatThrownBy(() -> SafetensorsReader.open(missing))
                .isInstanceOf(InvalidCheckpointException.class)
                .hasMessage("safetensors file is missing: path=" + missing + ". Check the path.");
        assertThatThrownBy(() -> SafetensorsReader.open(folder))
                .hasMessage("safetensors file is missing: path=" + folder + ", reason=is a folder. Check the path.");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 7, 8, 9})
    void fileTooShortForAHeaderIsReported(int length) throws IOException {
        Path file = Files.write(folder.resolve("short.safetensors"), new byte[length]);
        assertThatThrownBy(() -> SafetensorsReader.open(file))
                .isInstanceOf(InvalidCheckpointException.class)
                .hasMessage("safetensors file is corrupt: path=" + file + ", too short for a header: fileBytes="
                        + length + ". Write or copy the file again.");
    }

    @ParameterizedTest
    @CsvSource({
        "0, header length is out of range: headerBytes=0",
        "1, header length is out of range: headerBytes=1",
        "3, header is truncated: headerBytes=3",
        "100000000, header is truncated: headerBytes=100000000",
        "100000001, header length is out of range: headerBytes=100000001",
        "9223372036854775807, header length is out of range: headerBytes=9223372036854775807",
        "-1, header length is out of range: headerBytes=18446744073709551615",
    })
    void badHeaderLengthIsReported(long length, String fact) throws IOException {
        Path file = SafetensorsFiles.writeRaw(folder, length, new byte[] {'{', '}'});
        assertThatThrownBy(() -> SafetensorsReader.open(file))
                .isInstanceOf(InvalidCheckpointException.class)
                .hasMessageContaining(file.toString())
                .hasMessageContaining(fact);
    }

    // The file holds 8 bytes of data.
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "[]                                                              | header is not a JSON object",
                "{\"a\":                                                         | header is not valid JSON",
                "{} {}                                                           | header has text after its JSON object",
                "{}                                                              | data section has bytes of no tensor: dataBytes=8, tensorBytes=0",
                "{\"a\":[]}                                                      | tensor 'a' is not described by a JSON object",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2]}}                       | tensor 'a' lacks one of dtype, shape, data_offsets",
                "{\"a\":{\"dtype\":\"F31\",\"shape\":[2],\"data_offsets\":[0,8]}}  | tensor 'a' has an unknown dtype 'F31'",
                "{\"a\":{\"dtype\":32,\"shape\":[2],\"data_offsets\":[0,8]}}     | tensor 'a' has an unknown dtype ''",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[0,8]}}  | tensor 'a' has a size that does not match its shape: dtype=F32, shape=[3], expectedBytes=12, bytes=8",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[-2],\"data_offsets\":[0,8]}} | tensor 'a' has a bad shape: not a list of integers of 0 or more",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2.0],\"data_offsets\":[0,8]}} | tensor 'a' has a bad shape",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":2,\"data_offsets\":[0,8]}}  | tensor 'a' has a bad shape",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[-8,0]}} | tensor 'a' has a bad data_offsets",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[8,0]}} | tensor 'a' has bad data_offsets [8, 0]",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0]}}  | tensor 'a' has bad data_offsets [0]",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,99999999999999999999]}} | tensor 'a' has a bad data_offsets",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[4294967296,4294967296],\"data_offsets\":[0,8]}} | tensor 'a' is impossibly large",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]}} | tensor 'a' reaches past the end of the file: end=12, dataBytes=8",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}} | tensor 'a' leaves a hole before it: offset=4, expected=0",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}} | tensor 'b' overlaps the tensor before it: offset=4, expected=8",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}} | Duplicate field 'a'",
                "{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8],\"x\":1}} | tensor 'a' has an unknown field 'x'",
                "{\"__metadata__\":{\"a\":1}}                                    | __metadata__ 'a' is not text",
            })
    void badHeaderIsReported(String header, String fact) throws IOException {
        Path file = SafetensorsFiles.write(folder, header, new byte[8]);
        assertThatThrownBy(() -> SafetensorsReader.open(file))
                .isInstanceOf(InvalidCheckpointException.class)
                .hasMessageStartingWith("safetensors file is corrupt: path=" + file)
                .hasMessageContaining(fact)
                .message()
                .doesNotContain("\n");
    }

    @Test
    void everyTruncationOfAGoodFileIsReported() throws IOException {
        byte[] good = Files.readAllBytes(SafetensorsFiles.golden("mlp-init.safetensors"));
        for (int length = 0; length < good.length; length += length < 600 ? 1 : 997) {
            Path file = Files.write(folder.resolve("cut.safetensors"), Arrays.copyOf(good, length));
            assertThatThrownBy(() -> SafetensorsReader.open(file)).isInstanceOf(InvalidCheckpointException.class);
        }
    }

    @Test
    void garbageNeverEscapesAsAnotherException() throws IOException {
        byte[] good = Files.readAllBytes(SafetensorsFiles.golden("mlp-init.safetensors"));
        Random random = new Random(1);
        for (int round = 0; round < 500; round++) {
            byte[] bad = good.clone();
            for (int change = 0; change < 4; change++) {
                bad[random.nextInt(456)] = (byte) random.nextInt(256);
            }
            Path file = Files.write(folder.resolve("garbage.safetensors"), bad);
            try (SafetensorsReader reader = SafetensorsReader.open(file)) {
                // A changed name is still a good file.
                assertThat(reader.tensors()).isNotEmpty();
            } catch (InvalidCheckpointException e) {
                assertThat(e).hasMessageContaining(file.toString());
            }
        }
    }
}
