package dev.tartan.backend.cuda;

import java.util.Locale;

/**
 * Names a kernel: an instance of a template in one of the sources.
 *
 * @param expression as C++ names it, for example {@code unary<float, Exp>}; NVRTC takes it as a name expression and
 *     then compiles this instance
 */
record KernelName(CudaSource source, String expression) {
    /** The instance of {@code template} for some template arguments. */
    static KernelName of(CudaSource source, String template, Object... arguments) {
        if (arguments.length == 0) {
            return new KernelName(source, template);
        }
        StringBuilder text = new StringBuilder(template).append('<');
        for (int i = 0; i < arguments.length; i++) {
            text.append(i == 0 ? "" : ", ").append(arguments[i] instanceof CudaType type ? type.label() : arguments[i]);
        }
        return new KernelName(source, text.append('>').toString());
    }

    /** The functor of a constant: {@code HARD_SIGMOID} is {@code HardSigmoid}. */
    static String functor(Enum<?> constant) {
        StringBuilder text = new StringBuilder();
        for (String word : constant.name().split("_", -1)) {
            text.append(word.charAt(0)).append(word.substring(1).toLowerCase(Locale.ROOT));
        }
        return text.toString();
    }

    @Override
    public String toString() {
        return expression;
    }
}
