package dev.tartan.architecture.broken.stray;

/** In a package that no layer names. */
public class Stray {}
