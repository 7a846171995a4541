package dev.tartan.spark.kryo;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import dev.tartan.path.UriPath;
import java.nio.file.Path;

/** Writes a path as its text, which is a URI if it is in a store. */
final class PathSerializer extends Serializer<Path> {
    @Override
    public void write(Kryo kryo, Output output, Path path) {
        boolean local = UriPath.isLocal(path);
        output.writeBoolean(local);
        output.writeString(local ? path.toString() : path.toAbsolutePath().toString());
    }

    @Override
    public Path read(Kryo kryo, Input input, Class<Path> type) {
        boolean local = input.readBoolean();
        String text = input.readString();
        return local ? Path.of(text) : UriPath.of(text);
    }
}
