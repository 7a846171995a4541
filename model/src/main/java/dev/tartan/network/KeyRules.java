package dev.tartan.network;

/**
 * Where a record of sizes says what must hold among them. What breaks a rule is noted where a config is read, so that
 * all mistakes are told together, and thrown where there is only code.
 */
public interface KeyRules {
    /** {@code value} of {@code key} must be a multiple of {@code by}, the value of {@code byKey}. */
    void divides(String key, long value, String byKey, long by);

    /** {@code value} of {@code key} is split over mesh axis {@code model}, which must divide it. */
    void splitsOverModel(String key, long value);

    /** {@code value} of {@code key} is wrong beside that of another key, unless {@code holds}. */
    void require(boolean holds, String key, String otherKey, String message);

    /** Rules for code, which knows no mesh yet. */
    KeyRules THROWING = new KeyRules() {
        @Override
        public void divides(String key, long value, String byKey, long by) {
            require(
                    value % by == 0,
                    key,
                    byKey,
                    "is not divisible by " + byKey + ": " + key + "=" + value + ", " + byKey + "=" + by
                            + ". Change one of them.");
        }

        @Override
        public void splitsOverModel(String key, long value) {
            // Found by the compiler, when the mesh is known.
        }

        @Override
        public void require(boolean holds, String key, String otherKey, String message) {
            if (!holds) {
                throw new IllegalArgumentException(key + " " + message);
            }
        }
    };
}
