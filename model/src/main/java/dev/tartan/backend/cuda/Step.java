package dev.tartan.backend.cuda;

/** A part of what a GPU does for an op: a launch of a kernel, or a library's product of matrices. */
sealed interface Step permits Launch, BoundProduct {}
