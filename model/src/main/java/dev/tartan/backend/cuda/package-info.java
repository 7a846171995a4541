/**
 * CUDA kernels: their sources in CUDA C, one file a family, and what is needed to launch each, as plain data.
 *
 * <p>The sources are resources beside this package. A {@link dev.tartan.backend.cuda.Launch} says which kernel runs on
 * which grid with which arguments, and takes addresses as numbers; so the same launches serve a CUDA driver, which
 * compiles the sources at run time, and tests, which compile them for the CPU.
 *
 * <p>The backend is written against {@link dev.tartan.backend.cuda.CudaDriver}, in numbers. Only classes whose names
 * begin with {@code Bytedeco} name a CUDA library, and nothing loads them before
 * {@link dev.tartan.backend.cuda.CudaProbe} has found a driver. May depend on {@code backend} and everything below it.
 */
@NullMarked
package dev.tartan.backend.cuda;

import org.jspecify.annotations.NullMarked;
