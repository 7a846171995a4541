package dev.tartan.network;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * What a config may say for a component of a record that is read from one. The component's name is the key and its type
 * says what values are: {@code int}, {@code long}, {@code double}, {@code boolean}, an enum by its words in lower case,
 * {@code String}, or a list of {@code Integer}s. A component without this annotation has to be given; whole numbers are
 * then 1 or more.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface Key {
    /**
     * The value of a key that is left out, as a config would say it; none if empty. It is not checked: 0 may stand for
     * what the record's constructor derives from other components.
     */
    String byDefault() default "";

    /** The least whole number. */
    long min() default 1;

    /** The largest whole number. */
    long max() default Integer.MAX_VALUE;

    /** Which numbers with a fraction are good. */
    Range range() default Range.ANY;

    /** Sets of numbers with a fraction. */
    enum Range {
        /** Every finite number. */
        ANY,
        /** Above 0. */
        POSITIVE,
        /** 0 or more. */
        NON_NEGATIVE,
        /** From 0 up to below 1. */
        FRACTION
    }
}
