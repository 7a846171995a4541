package dev.tartan.spark.dl4j;

import org.apache.spark.SparkContext;
import org.apache.spark.serializer.SerializerInstance;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;

/** Whether the session's serializer carries what RDDs of DataSets are made of. */
final class SerializerCheck {
    private SerializerCheck() {}

    /**
     * Takes a DataSet to bytes and back.
     *
     * @throws IllegalArgumentException naming the settings, if another one comes back
     */
    static void run(SparkContext spark) {
        INDArray features = Nd4j.createFromArray(new float[][] {{1, 2, 3}, {4, 5, 6}});
        INDArray labels = Nd4j.createFromArray(new float[][] {{1, 0}, {0, 1}});
        String reason;
        try {
            DataSet back = roundTrip(spark.env().serializer().newInstance(), new DataSet(features, labels));
            reason = features.equals(back.getFeatures()) && labels.equals(back.getLabels())
                    ? ""
                    : "another DataSet came back";
        } catch (RuntimeException e) {
            reason = e.toString();
        }
        if (!reason.isEmpty()) {
            throw new IllegalArgumentException("session's serializer does not carry ND4J's arrays: spark.serializer="
                    + spark.getConf().get("spark.serializer", "Java's") + ", spark.kryo.registrator="
                    + spark.getConf().get("spark.kryo.registrator", "none") + ", spark.kryo.registrationRequired="
                    + spark.getConf().get("spark.kryo.registrationRequired", "false") + ", reason="
                    + reason.lines().findFirst().orElse(reason) + ". Set spark.kryo.registrator="
                    + Dl4jKryoRegistrator.class.getName() + ", or leave spark.serializer as it is by default.");
        }
    }

    private static DataSet roundTrip(SerializerInstance serializer, DataSet given) {
        ClassTag<DataSet> tag = ClassTag$.MODULE$.apply(DataSet.class);
        return serializer.deserialize(serializer.serialize(given, tag), tag);
    }
}
