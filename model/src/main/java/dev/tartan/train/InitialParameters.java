package dev.tartan.train;

import dev.tartan.checkpoint.CheckpointFiles;
import dev.tartan.checkpoint.InvalidCheckpointException;
import dev.tartan.checkpoint.JsonFile;
import dev.tartan.checkpoint.SafetensorsEntry;
import dev.tartan.checkpoint.TensorSlice;
import dev.tartan.graph.DType;
import dev.tartan.mesh.Mesh;
import dev.tartan.network.CheckpointForm;
import dev.tartan.network.ConfigFields;
import dev.tartan.train.graph.PlannedState;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The checkpoint of {@code init.from}, checked to be one of a network: its {@code config.json}, if there is one and the
 * network knows what it should say, and the names and shapes of its tensors. Or the file of {@link InitialState}, which
 * has optimizer state too. Safe for use by many threads at once.
 */
final class InitialParameters implements AutoCloseable {
    private static final int TENSORS_SHOWN = 8;
    private static final int TENSORS_SHOWN_BESIDE_CONFIG = 2;
    private static final long COMPARED_ELEMENTS = 1 << 20;

    private final Subject subject;
    private final Path from;
    private final CheckpointForm form;
    private final CheckpointFiles files;
    private final Map<String, String> tensors = new LinkedHashMap<>();
    private final List<String> notes = new ArrayList<>();

    /** What the checkpoint is to a run, in messages. */
    private enum Subject {
        PARAMETERS(
                "init.from",
                "is not a checkpoint of the run's network",
                "is not a parameter of the network",
                "Give a checkpoint of this network, or change the network's keys."),
        STATES(
                "initial state",
                "is not of the run's network and optimizer",
                "is no state of the run",
                "Give what TrainingJob.finalState of such a run has left.");

        private final String name;
        private final String differs;
        private final String unknown;
        private final String remedy;

        Subject(String name, String differs, String unknown, String remedy) {
            this.name = name;
            this.differs = differs;
            this.unknown = unknown;
            this.remedy = remedy;
        }
    }

    private InitialParameters(Subject subject, Path from, CheckpointForm form, CheckpointFiles files) {
        this.subject = subject;
        this.from = from;
        this.form = form;
        this.files = files;
    }

    /**
     * Opens a checkpoint and checks that it is one of a network with these parameters.
     *
     * @throws InvalidCheckpointException naming every difference, or if the checkpoint is missing or corrupt
     */
    static InitialParameters open(Path from, CheckpointForm form, List<PlannedState> parameters) {
        return open(Subject.PARAMETERS, from, form, parameters);
    }

    /**
     * Opens a file of all states of a run.
     *
     * @throws InvalidCheckpointException naming every difference, or if the file is missing or corrupt
     */
    static InitialParameters openStates(Path from, List<PlannedState> states) {
        return open(Subject.STATES, from, CheckpointForm.PARAMETERS_ONLY, states);
    }

    private static InitialParameters open(
            Subject subject, Path from, CheckpointForm form, List<PlannedState> parameters) {
        CheckpointFiles files;
        try {
            files = CheckpointFiles.open(from);
        } catch (InvalidCheckpointException e) {
            throw unusable(subject, e);
        }
        try {
            InitialParameters opened = new InitialParameters(subject, from, form, files);
            opened.check(parameters);
            return opened;
        } catch (RuntimeException e) {
            try {
                files.close();
            } catch (RuntimeException closing) {
                e.addSuppressed(closing);
            }
            throw e;
        }
    }

    private static InvalidCheckpointException unusable(Subject subject, InvalidCheckpointException e) {
        return new InvalidCheckpointException(subject.name + " cannot be used: " + e.getMessage(), e);
    }

    private void check(List<PlannedState> parameters) {
        List<String> problems = new ArrayList<>(configMistakes());
        // Differences between tensors mostly follow from those between networks.
        int shown = problems.isEmpty() ? TENSORS_SHOWN : TENSORS_SHOWN_BESIDE_CONFIG;
        problems.addAll(shortened(tensorProblems(parameters), shown));
        if (!problems.isEmpty()) {
            throw new InvalidCheckpointException(subject.name + " " + subject.differs + ": path=" + from + ", "
                    + String.join("; ", problems) + ". " + subject.remedy);
        }
    }

    private List<String> configMistakes() {
        Path config = files.config();
        if (!form.hasConfig()) {
            return List.of();
        }
        if (config == null) {
            notes.add(
                    "init.from has no config.json beside it, so only names and shapes of its tensors were compared: path="
                            + from);
            return List.of();
        }
        try {
            ConfigFields fields = new ConfigFields(JsonFile.readObject(config));
            form.check(fields);
            notes.addAll(fields.notes());
            return fields.mistakes().stream()
                    .map(mistake -> "config.json: " + mistake)
                    .toList();
        } catch (InvalidCheckpointException e) {
            throw unusable(subject, e);
        }
    }

    private List<String> tensorProblems(List<PlannedState> parameters) {
        List<String> problems = new ArrayList<>();
        files.tensors().keySet().forEach(tensor -> {
            String earlier = tensors.putIfAbsent(form.parameter(tensor), tensor);
            if (earlier != null) {
                problems.add(
                        "'" + form.parameter(tensor) + "' is there twice: as '" + earlier + "' and '" + tensor + "'");
            }
        });
        Set<String> extra = new LinkedHashSet<>(tensors.keySet());
        for (PlannedState parameter : parameters) {
            if (extra.remove(parameter.name())) {
                checkTensor(parameter, files.tensor(tensor(parameter.name())), problems);
            } else {
                problems.add("'" + parameter.name() + "' is missing");
            }
        }
        for (String name : extra) {
            String original = form.copies().get(name);
            if (original != null && tensors.containsKey(original)) {
                checkCopy(name, original, problems);
            } else if (!form.isConstant(name)) {
                problems.add("'" + tensor(name) + "' " + subject.unknown);
            }
        }
        return problems;
    }

    private static void checkTensor(PlannedState parameter, SafetensorsEntry entry, List<String> problems) {
        if (!entry.shape().equals(parameter.fileShape())) {
            problems.add("'" + parameter.name() + "' has another shape: expected=" + parameter.fileShape() + ", actual="
                    + entry.shape());
        } else if (entry.type().readAs() != DType.FLOAT32 && entry.type().readAs() != DType.FLOAT64) {
            problems.add("'" + parameter.name() + "' is not floating-point: type=" + entry.type());
        }
    }

    private void checkCopy(String copy, String original, List<String> problems) {
        if (!isSame(files.tensor(tensor(copy)), files.tensor(tensor(original)))) {
            problems.add("'" + tensor(copy) + "' is not equal to '" + tensor(original)
                    + "', which the network has in its place");
        }
    }

    /** Compares a part at a time: an embedding may be larger than an array. */
    private boolean isSame(SafetensorsEntry copy, SafetensorsEntry original) {
        if (!copy.shape().equals(original.shape())
                || copy.type().readAs() != original.type().readAs()) {
            return false;
        }
        long rows = copy.shape().numDims() == 0 ? 0 : copy.shape().dim(0);
        long rowElements = rows == 0 ? 1 : copy.shape().numElements() / rows;
        long step = Math.max(1, COMPARED_ELEMENTS / Math.max(1, rowElements));
        for (long row = 0; row < rows; row += step) {
            TensorSlice part = TensorSlice.rows(copy.shape(), row, Math.min(step, rows - row));
            if (!Arrays.equals(files.readFloats(copy.name(), part), files.readFloats(original.name(), part))) {
                return false;
            }
        }
        return true;
    }

    private static List<String> shortened(List<String> problems, int shown) {
        if (problems.size() <= shown) {
            return problems;
        }
        List<String> some = new ArrayList<>(problems.subList(0, shown));
        some.add((problems.size() - shown) + " more");
        return some;
    }

    private String tensor(String parameter) {
        return tensors.getOrDefault(parameter, parameter);
    }

    /** What the user may want to know. */
    List<String> notes() {
        return List.copyOf(notes);
    }

    /** Whether it has optimizer state too. */
    boolean hasStates() {
        return subject == Subject.STATES;
    }

    /** The path that was given. */
    Path from() {
        return from;
    }

    /** The metadata of the checkpoint's files. */
    Map<String, String> metadata() {
        return files.metadata();
    }

    /** The values of a rank's shard, padding zero. */
    float[] read(Mesh mesh, PlannedState parameter, int rank) {
        return ParameterFile.read(files, tensor(parameter.name()), mesh, parameter, rank);
    }

    @Override
    public void close() {
        files.close();
    }
}
