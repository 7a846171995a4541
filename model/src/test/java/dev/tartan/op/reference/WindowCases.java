package dev.tartan.op.reference;

import dev.tartan.op.AveragePool2d;
import dev.tartan.op.AveragePool2dGrad;
import dev.tartan.op.Conv2d;
import dev.tartan.op.Conv2dFilterGrad;
import dev.tartan.op.ConvTranspose2d;
import dev.tartan.op.DepthwiseConv2d;
import dev.tartan.op.DepthwiseConv2dFilterGrad;
import dev.tartan.op.DepthwiseConvTranspose2d;
import dev.tartan.op.MaxPool2d;
import dev.tartan.op.MaxPool2dGrad;
import dev.tartan.op.NormPool2d;
import dev.tartan.op.NormPool2dGrad;
import dev.tartan.op.Window;
import dev.tartan.op.Window2d;
import java.util.List;

/** Cases of convolutions and poolings. */
final class WindowCases {
    private WindowCases() {}

    /** A window and images [n, in, h, w] for it, with how many output channels a convolution is to have. */
    private record Sizes(Window2d window, long n, long in, long out, long h, long w) {}

    private static List<Sizes> sizes() {
        return List.of(
                new Sizes(Window2d.square(3, 1, 0), 2, 2, 4, 4, 5),
                new Sizes(Window2d.square(3, 1, 1), 4, 4, 2, 4, 4),
                new Sizes(Window2d.square(2, 2, 0), 2, 2, 2, 4, 6),
                // An odd size of which the last row and column fill no window.
                new Sizes(Window2d.square(2, 2, 0), 2, 1, 2, 5, 7),
                new Sizes(Window2d.square(3, 2, 1), 2, 4, 4, 6, 5),
                // More padding after than before, and the same on an odd size.
                new Sizes(same(4, 6, 3, 2, 1), 2, 2, 2, 4, 6),
                new Sizes(same(5, 7, 2, 1, 1), 2, 2, 1, 5, 7),
                new Sizes(same(6, 5, 3, 1, 2), 2, 2, 2, 6, 5),
                // Other heights than widths, more padding before than after, dilation with a stride.
                new Sizes(new Window2d(new Window(2, 1, 2, 0, 1), new Window(3, 2, 1, 2, 0)), 2, 2, 2, 5, 6),
                new Sizes(new Window2d(new Window(2, 2, 3, 2, 2), Window.padded(1, 1, 1, 0)), 2, 2, 2, 6, 3),
                new Sizes(Window2d.square(1, 1, 0), 4, 2, 4, 2, 3),
                new Sizes(Window2d.square(1, 2, 0), 2, 2, 4, 3, 4),
                // Sequences, and windows as large as the image.
                new Sizes(Window2d.alongHeight(Window.padded(3, 1, 1, 1)), 2, 2, 4, 8, 1),
                new Sizes(Window2d.alongHeight(Window.same(5, 2, 2, 1)), 2, 4, 2, 5, 1),
                new Sizes(Window2d.square(4, 1, 0), 2, 2, 4, 4, 4),
                new Sizes(Window2d.square(3, 1, 1), 1, 1, 1, 1, 1));
    }

    private static Window2d same(long height, long width, int size, int stride, int dilation) {
        return new Window2d(Window.same(height, size, stride, dilation), Window.same(width, size, stride, dilation));
    }

    static void addTo(List<OpCase> cases, Draw draw) {
        for (Sizes sizes : sizes()) {
            addConvolutions(cases, draw, sizes);
            addDepthwise(cases, draw, sizes, sizes.out / 2 + 1);
            addPoolings(cases, draw, sizes);
        }
    }

    private static void addConvolutions(List<OpCase> cases, Draw draw, Sizes sizes) {
        Window2d window = sizes.window;
        long kh = window.height().size();
        long kw = window.width().size();
        HostTensor x = draw.normal(sizes.n, sizes.in, sizes.h, sizes.w);
        HostTensor filters = draw.normal(sizes.out, sizes.in, kh, kw);
        HostTensor dy = draw.normal(positions(sizes, sizes.out));
        cases.add(new OpCase(new Conv2d(window), List.of(x, filters)));
        cases.add(new OpCase(new ConvTranspose2d(window, sizes.h, sizes.w), List.of(dy, filters)));
        cases.add(new OpCase(new Conv2dFilterGrad(window), List.of(x, dy)));
    }

    private static void addDepthwise(List<OpCase> cases, Draw draw, Sizes sizes, long multiplier) {
        Window2d window = sizes.window;
        long kh = window.height().size();
        long kw = window.width().size();
        HostTensor x = draw.normal(sizes.n, sizes.in, sizes.h, sizes.w);
        HostTensor filters = draw.normal(kh, kw, sizes.in, multiplier);
        HostTensor dy = draw.normal(positions(sizes, sizes.in * multiplier));
        cases.add(new OpCase(new DepthwiseConv2d(window), List.of(x, filters)));
        cases.add(new OpCase(new DepthwiseConvTranspose2d(window, sizes.h, sizes.w), List.of(dy, filters)));
        cases.add(new OpCase(new DepthwiseConv2dFilterGrad(window), List.of(x, dy)));
    }

    private static void addPoolings(List<OpCase> cases, Draw draw, Sizes sizes) {
        Window2d window = sizes.window;
        HostTensor x = draw.normal(sizes.n, sizes.in, sizes.h, sizes.w);
        HostTensor dy = draw.normal(positions(sizes, sizes.in));
        cases.add(new OpCase(new MaxPool2d(window), List.of(x)));
        cases.add(new OpCase(new MaxPool2dGrad(window), List.of(dy, x)));
        for (boolean countsPadding : new boolean[] {false, true}) {
            cases.add(new OpCase(new AveragePool2d(window, countsPadding), List.of(x)));
            cases.add(new OpCase(new AveragePool2dGrad(window, countsPadding, sizes.h, sizes.w), List.of(dy)));
        }
        for (int power : new int[] {1, 2, 3}) {
            OpCase forward = new OpCase(new NormPool2d(window, power), List.of(x));
            cases.add(forward);
            HostTensor y = forward.results().get(0);
            cases.add(new OpCase(new NormPool2dGrad(window, power), List.of(dy, x, y)));
        }
    }

    private static long[] positions(Sizes sizes, long channels) {
        return new long[] {
            sizes.n,
            channels,
            sizes.window.height().positions(sizes.h),
            sizes.window.width().positions(sizes.w)
        };
    }
}
