package dev.tartan.spark.dl4j;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.spark.serializer.KryoRegistrator;
import org.nd4j.kryo.Nd4jRegistrator;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.dataset.MultiDataSet;

/**
 * Registers what RDDs of DataSets are made of with a session's Kryo: ND4J's arrays as its own registrator does, arrays
 * of them, DataSets and MultiDataSets. With it {@code spark.kryo.registrationRequired=true} holds for them too.
 * Tartan's own types need no registrator: they travel as bytes.
 */
public final class Dl4jKryoRegistrator implements KryoRegistrator {
    @Override
    public void registerClasses(Kryo kryo) {
        new Nd4jRegistrator().registerClasses(kryo);
        kryo.register(INDArray[].class);
        kryo.register(DataSet.class, new DataSetSerializer());
        kryo.register(MultiDataSet.class, new MultiDataSetSerializer());
        kryo.register(DataSet[].class);
        kryo.register(MultiDataSet[].class);
    }

    /** Something that writes itself to a stream. */
    @FunctionalInterface
    private interface Writing {
        void to(DataOutputStream out) throws IOException;
    }

    private static void write(Output output, Writing writing) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(bytes)) {
            writing.to(out);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        output.writeInt(bytes.size(), true);
        output.writeBytes(bytes.toByteArray());
    }

    private static DataInputStream read(Input input) {
        return new DataInputStream(new ByteArrayInputStream(input.readBytes(input.readInt(true))));
    }

    /** As {@code DataSet.save} writes it. */
    private static final class DataSetSerializer extends Serializer<DataSet> {
        @Override
        public void write(Kryo kryo, Output output, DataSet set) {
            Dl4jKryoRegistrator.write(output, set::save);
        }

        @Override
        public DataSet read(Kryo kryo, Input input, Class<DataSet> type) {
            DataSet set = new DataSet();
            set.load(Dl4jKryoRegistrator.read(input));
            return set;
        }
    }

    /** As {@code MultiDataSet.save} writes it. */
    private static final class MultiDataSetSerializer extends Serializer<MultiDataSet> {
        @Override
        public void write(Kryo kryo, Output output, MultiDataSet set) {
            Dl4jKryoRegistrator.write(output, set::save);
        }

        @Override
        public MultiDataSet read(Kryo kryo, Input input, Class<MultiDataSet> type) {
            MultiDataSet set = new MultiDataSet();
            try {
                set.load(Dl4jKryoRegistrator.read(input));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
            return set;
        }
    }
}
