package dev.tartan.spark.runtime;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a process of a mesh tells the others of itself; travels as JSON.
 *
 * @param taskIndex which task of the barrier stage it runs
 * @param executorId Spark's name of the process
 * @param host where it is reached
 * @param port where it listens for the other processes
 * @param bootId see {@link BootId}
 * @param held which process it was whose memory it still holds, if that says what it can be of use for now; else -1
 * @param gpus addresses of its GPUs, see {@link GpuPinning#addresses}
 */
record ProcessCard(
        int taskIndex, String executorId, String host, int port, String bootId, int held, List<String> gpus) {
    /** Of one that holds nothing that matters. */
    static final int NONE = -1;

    private static final ObjectMapper JSON = new ObjectMapper()
            .enable(DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES);

    ProcessCard {
        gpus = List.copyOf(gpus);
    }

    /** The card of a process that holds nothing. */
    static ProcessCard of(MeshTaskContext context, String host, int port, GpuPinning gpus) {
        return of(context, host, port, NONE, gpus);
    }

    /** The card of the process that runs a task, listening on a port of the host. */
    static ProcessCard of(MeshTaskContext context, String host, int port, int held, GpuPinning gpus) {
        return new ProcessCard(
                context.taskIndex(),
                context.executorId(),
                host,
                port,
                BootId.read(context.host()),
                held,
                gpus.addresses());
    }

    String toJson() {
        try {
            return JSON.writeValueAsString(this);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("process card cannot be written: card=" + this, e);
        }
    }

    /**
     * Reads what {@link #toJson} wrote.
     *
     * @throws JsonProcessingException if it is not that
     */
    static ProcessCard parse(String json) throws JsonProcessingException {
        @Nullable ProcessCard card = JSON.readValue(json, ProcessCard.class);
        if (card == null) {
            throw new JsonMappingException(null, "there is null in place of a card");
        }
        return card;
    }
}
