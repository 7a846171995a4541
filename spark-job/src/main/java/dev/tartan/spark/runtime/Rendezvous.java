package dev.tartan.spark.runtime;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Makes the processes of a mesh known to each other and puts them in order: machine by machine, so that neighbours on
 * the axis {@code data} are on one machine wherever possible. Tasks 0 and 2 on machine a, 1 and 3 on machine b, become
 * the processes 0, 2, 1, 3. Task 0 is always process 0.
 *
 * <p>Processes that hold the states of an attempt that failed are put where they were, and the others around them,
 * since each holds only the part of its place. If one was and is not task 0, they are put in order anew.
 */
final class Rendezvous {
    private Rendezvous() {}

    /**
     * Exchanges the cards of all tasks; every task of the stage calls it once.
     *
     * @param own the card of this process
     * @throws IllegalArgumentException if a GPU was given to two of them
     * @throws IllegalStateException if the cards do not fit together
     */
    static Meeting meet(MeshTaskContext context, ProcessCard own) throws InterruptedException {
        return meeting(context.allGather(own.toJson()), context.numTasks(), own);
    }

    /** The meeting of those whose cards, in the order of tasks, are {@code json}. */
    static Meeting meeting(List<String> json, int numTasks, ProcessCard own) {
        if (json.size() != numTasks) {
            throw new IllegalStateException("processes do not all take part in the rendezvous: cards=" + json.size()
                    + ", tasks=" + numTasks + ". Run the job again.");
        }
        List<ProcessCard> cards = new ArrayList<>();
        for (int task = 0; task < numTasks; task++) {
            cards.add(read(json.get(task), task));
        }
        int index = own.taskIndex();
        if (index < 0 || index >= numTasks || !cards.get(index).equals(own)) {
            throw new IllegalStateException("process finds another card in place of its own: own=" + own + ", cards="
                    + cards + ". Run the job again.");
        }
        List<ProcessCard> processes = meshOrder(cards);
        checkGpus(processes);
        return new Meeting(processes, processes.indexOf(own));
    }

    /** Machines in the order of their first tasks, the tasks of each machine in a row. */
    static List<ProcessCard> meshOrder(List<ProcessCard> inOrderOfTasks) {
        Map<String, List<ProcessCard>> machines = inOrderOfTasks.stream()
                .collect(Collectors.groupingBy(ProcessCard::bootId, LinkedHashMap::new, Collectors.toList()));
        List<ProcessCard> anew =
                machines.values().stream().flatMap(List::stream).toList();
        List<ProcessCard> asBefore = asBefore(anew);
        return asBefore.isEmpty() || asBefore.get(0).taskIndex() != 0 ? anew : asBefore;
    }

    /** With those that hold something at their places; empty if they cannot be there. */
    private static List<ProcessCard> asBefore(List<ProcessCard> cards) {
        Map<Integer, ProcessCard> places = new HashMap<>();
        for (ProcessCard card : cards) {
            if (card.held() != ProcessCard.NONE
                    && (card.held() >= cards.size() || places.put(card.held(), card) != null)) {
                return List.of();
            }
        }
        Iterator<ProcessCard> others =
                cards.stream().filter(card -> card.held() == ProcessCard.NONE).iterator();
        return IntStream.range(0, cards.size())
                .mapToObj(process -> places.containsKey(process) ? places.get(process) : others.next())
                .toList();
    }

    private static ProcessCard read(String json, int task) {
        ProcessCard card;
        try {
            card = ProcessCard.parse(json);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(
                    "process card cannot be read: task=" + task + ", card=" + json
                            + ". Put the same version of Tartan on all executors.",
                    e);
        }
        if (card.taskIndex() != task) {
            throw new IllegalStateException("process card is another task's: task=" + task + ", card=" + json
                    + ". Put the same version of Tartan on all executors.");
        }
        return card;
    }

    /** Where a GPU is: pods of one machine have hosts of their own, and each counts its GPUs from 0. */
    private record GpuPlace(String bootId, String host, String address) {}

    private static void checkGpus(List<ProcessCard> processes) {
        Map<GpuPlace, ProcessCard> owners = new LinkedHashMap<>();
        for (ProcessCard process : processes) {
            for (String address : process.gpus()) {
                ProcessCard owner =
                        owners.putIfAbsent(new GpuPlace(process.bootId(), process.host(), address), process);
                if (owner != null) {
                    throw new IllegalArgumentException("GPU was given to two tasks: address=" + address + ", host="
                            + process.host() + ", executors=[" + owner.executorId() + ", " + process.executorId()
                            + "], tasks=[" + owner.taskIndex() + ", " + process.taskIndex()
                            + "]. Make the discovery script give each executor GPUs of its own, or run one executor"
                            + " a host.");
                }
            }
        }
    }
}
