// Java: parallel streams, garbage, the JIT compiler's threads.
import java.io.File;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

public class Streams {
    public static void main(String[] arguments) throws InterruptedException {
        long total = 1;
        for (int step = 0; step < Integer.parseInt(arguments[0]); step++) {
            final int seed = step;
            List<String> garbage = new ArrayList<>();
            for (int i = 0; i < 2000; i++) {
                garbage.add("word " + i * step);
            }
            long sum = IntStream.range(0, 200000).parallel().mapToLong(i -> (long) i * seed % 1003).sum();
            total = (total * 31 + sum + garbage.hashCode() % 1000) % 1000003;
            System.out.println("step " + step + " " + total);
            if (new File(arguments[1]).exists()) {
                Thread.sleep(50);
            }
        }
    }
}
