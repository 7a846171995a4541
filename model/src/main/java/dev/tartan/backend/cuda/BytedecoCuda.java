package dev.tartan.backend.cuda;

import static org.bytedeco.cuda.global.cudart.*;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import org.bytedeco.cuda.cudart.CUctx_st;
import org.bytedeco.cuda.cudart.CUevent_st;
import org.bytedeco.cuda.cudart.CUfunc_st;
import org.bytedeco.cuda.cudart.CUgraphExec_st;
import org.bytedeco.cuda.cudart.CUgraph_st;
import org.bytedeco.cuda.cudart.CUmod_st;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.PointerPointer;
import org.bytedeco.javacpp.SizeTPointer;
import org.jspecify.annotations.Nullable;

/**
 * CUDA's driver, through the presets of bytedeco. Only classes whose names begin with {@code Bytedeco} name the
 * presets, and only {@link CudaBackend#open} names this one, after it has found a driver: a class of the presets that
 * is touched without one can never be loaded again.
 *
 * <p>The GPU waits for nobody but itself, as tasks of the host are not its work. So waiting for it needs no deadline.
 */
final class BytedecoCuda implements CudaDriver {
    private static final double NANOS_PER_MILLI = 1e6;
    private static final int MAX_NAME = 256;

    private static final ThreadLocal<@Nullable BytedecoCuda> CURRENT = new ThreadLocal<>();

    private final CUctx_st context = new CUctx_st();
    private final Gpu gpu;
    private final BytedecoNvrtc compiler;
    /** Loaded when it is first needed, since that takes seconds. */
    private @Nullable BytedecoCublas products;

    private final Map<Long, CUstream_st> streams = new ConcurrentHashMap<>();
    private final Map<Long, CUevent_st> events = new ConcurrentHashMap<>();
    private final Map<Long, CUgraphExec_st> graphs = new ConcurrentHashMap<>();
    private final Map<Long, Work> works = new ConcurrentHashMap<>();
    private final Map<KernelName, CUfunc_st> kernels = new ConcurrentHashMap<>();

    private BytedecoCuda(int index, KernelCache cache) {
        int[] device = new int[1];
        check(cuDeviceGet(device, index), "cuDeviceGet");
        byte[] name = new byte[MAX_NAME];
        check(cuDeviceGetName(name, name.length, device[0]), "cuDeviceGetName");
        int capability = 10 * attribute(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, device[0])
                + attribute(CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, device[0]);
        try (SizeTPointer bytes = new SizeTPointer(1)) {
            check(cuDeviceTotalMem(bytes, device[0]), "cuDeviceTotalMem");
            this.gpu = new Gpu(text(name), capability, bytes.get());
        }
        check(cuDevicePrimaryCtxRetain(context, device[0]), "cuDevicePrimaryCtxRetain");
        enter();
        this.compiler = new BytedecoNvrtc(capability, cache);
    }

    /** All GPUs that the process may see. */
    static CudaBackend backend() {
        check(cuInit(0), "cuInit");
        int[] count = new int[1];
        check(cuDeviceGetCount(count), "cuDeviceGetCount");
        if (count[0] == 0) {
            throw new IllegalStateException("driver shows no GPU");
        }
        KernelCache cache = KernelCache.ofUser();
        return new CudaBackend(count[0], index -> new BytedecoCuda(index, cache));
    }

    private static int attribute(int attribute, int device) {
        int[] value = new int[1];
        check(cuDeviceGetAttribute(value, attribute, device), "cuDeviceGetAttribute");
        return value[0];
    }

    private static String text(byte[] bytes) {
        int length = 0;
        while (length < bytes.length && bytes[length] != 0) {
            length++;
        }
        return new String(bytes, 0, length, StandardCharsets.UTF_8);
    }

    private static void check(int code, String call) {
        check(code, call, null);
    }

    private static void check(int code, String call, @Nullable Work work) {
        if (code != CUDA_SUCCESS) {
            try (PointerPointer<BytePointer> text = new PointerPointer<>(1)) {
                boolean known = cuGetErrorName(code, text) == CUDA_SUCCESS;
                throw new IllegalStateException("CUDA call failed: call=" + call + ", error="
                        + (known ? text.get(BytePointer.class, 0).getString() : code)
                        + (work == null ? "" : ", given for=" + work.label())
                        + ". An error may be of earlier work; CUDA_LAUNCH_BLOCKING=1 tells it where it is made.");
            }
        }
    }

    private void enter() {
        if (CURRENT.get() != this) {
            check(cuCtxSetCurrent(context), "cuCtxSetCurrent");
            CURRENT.set(this);
        }
    }

    private CUstream_st stream(long handle) {
        return Objects.requireNonNull(streams.get(handle), "no such stream");
    }

    private CUevent_st event(long handle) {
        return Objects.requireNonNull(events.get(handle), "no such event");
    }

    @Override
    public Gpu gpu() {
        return gpu;
    }

    @Override
    public void attachThread() {
        enter();
    }

    @Override
    public long allocate(long bytes) {
        enter();
        long[] address = new long[1];
        int code = cuMemAlloc(address, bytes);
        if (code == CUDA_ERROR_OUT_OF_MEMORY) {
            throw new OutOfMemoryError("memory of the GPU cannot be allocated: bytes=" + bytes + ", gpu=" + gpu);
        }
        check(code, "cuMemAlloc");
        return address[0];
    }

    @Override
    public void free(long address) {
        enter();
        check(cuMemFree(address), "cuMemFree");
    }

    @Override
    public long allocateHost(long bytes) {
        enter();
        try (PointerPointer<Pointer> memory = new PointerPointer<>(1)) {
            int code = cuMemHostAlloc(memory, bytes, CU_MEMHOSTALLOC_PORTABLE);
            if (code == CUDA_ERROR_OUT_OF_MEMORY) {
                throw new OutOfMemoryError("pinned memory of the host cannot be allocated: bytes=" + bytes);
            }
            check(code, "cuMemHostAlloc");
            return memory.get(0).address();
        }
    }

    @Override
    public void freeHost(long address) {
        enter();
        check(cuMemFreeHost(new BytedecoAddress(address)), "cuMemFreeHost");
    }

    @Override
    public ByteBuffer hostBytes(long address, int bytes) {
        return new BytePointer(new BytedecoAddress(address))
                .capacity(bytes)
                .asByteBuffer()
                .order(ByteOrder.nativeOrder());
    }

    @Override
    public void copy(long to, long from, long bytes, long stream) {
        enter();
        check(cuMemcpyAsync(to, from, bytes, stream(stream)), "cuMemcpyAsync", works.get(stream));
    }

    @Override
    public void write(long to, ByteBuffer from) {
        enter();
        check(cuMemcpy(to, new BytePointer(from).address(), from.remaining()), "cuMemcpy");
    }

    @Override
    public void read(ByteBuffer into, long from) {
        enter();
        check(cuMemcpy(new BytePointer(into).address(), from, into.remaining()), "cuMemcpy");
    }

    @Override
    public long createStream(boolean goesFirst) {
        enter();
        int[] least = new int[1];
        int[] greatest = new int[1];
        check(cuCtxGetStreamPriorityRange(least, greatest), "cuCtxGetStreamPriorityRange");
        CUstream_st stream = new CUstream_st();
        int priority = goesFirst ? greatest[0] : least[0];
        check(cuStreamCreateWithPriority(stream, CU_STREAM_NON_BLOCKING, priority), "cuStreamCreateWithPriority");
        streams.put(stream.address(), stream);
        return stream.address();
    }

    @Override
    public void synchronizeStream(long stream) {
        enter();
        check(cuStreamSynchronize(stream(stream)), "cuStreamSynchronize", works.get(stream));
    }

    @Override
    public void destroyStream(long stream) {
        enter();
        CUstream_st known = streams.remove(stream);
        works.remove(stream);
        if (known != null) {
            check(cuStreamDestroy(known), "cuStreamDestroy");
        }
    }

    @Override
    public long createEvent(boolean timed) {
        enter();
        CUevent_st event = new CUevent_st();
        int flags = CU_EVENT_BLOCKING_SYNC | (timed ? CU_EVENT_DEFAULT : CU_EVENT_DISABLE_TIMING);
        check(cuEventCreate(event, flags), "cuEventCreate");
        events.put(event.address(), event);
        return event.address();
    }

    @Override
    public void record(long event, long stream) {
        enter();
        check(cuEventRecord(event(event), stream(stream)), "cuEventRecord", works.get(stream));
    }

    @Override
    public void await(long event, long stream) {
        enter();
        check(cuStreamWaitEvent(stream(stream), event(event), 0), "cuStreamWaitEvent");
    }

    @Override
    public boolean isDone(long event) {
        enter();
        int code = cuEventQuery(event(event));
        if (code == CUDA_ERROR_NOT_READY) {
            return false;
        }
        check(code, "cuEventQuery");
        return true;
    }

    @Override
    public void synchronizeEvent(long event) {
        enter();
        check(cuEventSynchronize(event(event)), "cuEventSynchronize");
    }

    @Override
    public long nanosBetween(long earlier, long later) {
        enter();
        float[] millis = new float[1];
        check(cuEventElapsedTime(millis, event(earlier), event(later)), "cuEventElapsedTime");
        return Math.round(millis[0] * NANOS_PER_MILLI);
    }

    @Override
    public void destroyEvent(long event) {
        enter();
        CUevent_st known = events.remove(event);
        if (known != null) {
            check(cuEventDestroy(known), "cuEventDestroy");
        }
    }

    @Override
    public CudaCall prepare(Launch launch) {
        enter();
        return new BytedecoLaunch(function(launch), launch);
    }

    private CUfunc_st function(Launch launch) {
        CUfunc_st function = kernels.computeIfAbsent(launch.kernel(), this::load);
        if (launch.sharedBytes() > Launch.PLAIN_SHARED_BYTES) {
            check(
                    cuFuncSetAttribute(function, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, launch.sharedBytes()),
                    "cuFuncSetAttribute of " + launch.kernel());
        }
        return function;
    }

    /** Modules stay loaded as long as the context does. */
    private CUfunc_st load(KernelName kernel) {
        KernelImage image = compiler.compile(kernel);
        CUmod_st module = new CUmod_st();
        CUfunc_st function = new CUfunc_st();
        try (BytePointer bytes = new BytePointer(image.bytes());
                BytePointer name = new BytePointer(image.symbol(), StandardCharsets.UTF_8)) {
            check(cuModuleLoadData(module, bytes), "cuModuleLoadData of " + kernel);
            check(cuModuleGetFunction(function, module, name), "cuModuleGetFunction of " + kernel);
        }
        return function;
    }

    /** The memory of a launch's parameters stays until it is closed; the driver copies from it at each launch. */
    private final class BytedecoLaunch implements CudaCall {
        private final CUfunc_st function;
        private final Launch launch;
        private final BytePointer values;
        private final PointerPointer<Pointer> parameters;

        BytedecoLaunch(CUfunc_st function, Launch launch) {
            KernelArguments arguments = launch.arguments();
            this.function = function;
            this.launch = launch;
            this.values = new BytePointer(Math.max(1, arguments.bytes().length));
            values.put(arguments.bytes(), 0, arguments.bytes().length);
            this.parameters =
                    new PointerPointer<>(Math.max(1, arguments.offsets().size()));
            for (int i = 0; i < arguments.offsets().size(); i++) {
                parameters.put(i, values.getPointer(arguments.offsets().get(i)));
            }
        }

        @Override
        public void enqueue(long stream) {
            enter();
            int code = cuLaunchKernel(
                    function,
                    launch.grid().x(),
                    launch.grid().y(),
                    launch.grid().z(),
                    launch.block().x(),
                    launch.block().y(),
                    launch.block().z(),
                    launch.sharedBytes(),
                    stream(stream),
                    parameters,
                    (PointerPointer<?>) null);
            check(code, "cuLaunchKernel of " + launch.kernel(), works.get(stream));
        }

        @Override
        public void close() {
            parameters.close();
            values.close();
        }
    }

    @Override
    public CudaCall prepare(BoundProduct product) {
        enter();
        CudaCallOn call = products().prepare(product);
        return stream -> {
            enter();
            call.enqueue(stream(stream), works.get(stream));
        };
    }

    private synchronized BytedecoCublas products() {
        BytedecoCublas loaded = products;
        if (loaded == null) {
            loaded = new BytedecoCublas();
            products = loaded;
        }
        return loaded;
    }

    /** A product given to a stream of the driver's. */
    @FunctionalInterface
    interface CudaCallOn {
        void enqueue(CUstream_st stream, @Nullable Work work);
    }

    @Override
    public void beginCapture(long stream) {
        enter();
        // Of this thread only: other ranks are other threads, and may allocate meanwhile.
        check(cuStreamBeginCapture(stream(stream), CU_STREAM_CAPTURE_MODE_THREAD_LOCAL), "cuStreamBeginCapture");
    }

    @Override
    public long endCapture(long stream) {
        enter();
        CUgraph_st graph = new CUgraph_st();
        check(cuStreamEndCapture(stream(stream), graph), "cuStreamEndCapture", works.get(stream));
        CUgraphExec_st ready = new CUgraphExec_st();
        try {
            check(cuGraphInstantiate(ready, graph, 0), "cuGraphInstantiate");
        } finally {
            check(cuGraphDestroy(graph), "cuGraphDestroy");
        }
        graphs.put(ready.address(), ready);
        return ready.address();
    }

    @Override
    public void launchGraph(long graph, long stream) {
        enter();
        check(cuGraphLaunch(Objects.requireNonNull(graphs.get(graph)), stream(stream)), "cuGraphLaunch");
    }

    @Override
    public void destroyGraph(long graph) {
        enter();
        CUgraphExec_st known = graphs.remove(graph);
        if (known != null) {
            check(cuGraphExecDestroy(known), "cuGraphExecDestroy");
        }
    }

    @Override
    public void announce(Work work, long stream) {
        works.put(stream, work);
    }

    @Override
    public void announceByHost(Work work) {
        // The driver has no part in it.
    }

    /** The context is the process's: it stays until that ends. */
    @Override
    public synchronized void close() {
        if (products != null) {
            products.close();
        }
    }
}
