import java.io.FileInputStream;
import java.io.IOException;
import java.util.Random;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.MDC;

/** A batch job on several threads that logs through logback and fails in nested ways. */
public class Warehouse {
  private static final Logger log = LoggerFactory.getLogger("com.example.warehouse.Importer");
  private static final Random random = new Random(11);

  static class ImportException extends RuntimeException {
    ImportException(String message, Throwable cause) { super(message, cause); }
  }

  static int parse(String cell) {
    return Integer.parseInt(cell);
  }

  static void importRow(int batch, int row) {
    String cell = random.nextInt(40) == 0 ? "n/a" : Integer.toString(random.nextInt(5000));
    try {
      int quantity = parse(cell);
      if (quantity > 4900) log.warn("Quantity {} of row {} in batch {} looks too large, keeping it", quantity, row, batch);
    } catch (NumberFormatException e) {
      throw new ImportException("Row " + row + " of batch " + batch + " has no quantity", e);
    }
  }

  static void importBatch(int batch) {
    MDC.put("batch", Integer.toString(batch));
    long started = System.nanoTime();
    int rows = 20 + random.nextInt(60);
    log.info("Importing batch {} with {} rows from /data/inbox/stock-{}.csv", batch, rows, batch);
    int failed = 0;
    for (int row = 1; row <= rows; row++) {
      try {
        importRow(batch, row);
      } catch (ImportException e) {
        failed++;
        if (failed == 1) log.error("Cannot import row {}", row, e);
        else log.error("Cannot import row {}: {}", row, e.getMessage());
      }
    }
    if (batch % 9 == 0) {
      try (FileInputStream in = new FileInputStream("/data/inbox/prices-" + batch + ".csv")) {
        in.read();
      } catch (IOException e) {
        log.error("Prices of batch {} are missing", batch, new IllegalStateException("batch is incomplete", e));
      }
    }
    log.info("Batch {} done: {} rows imported, {} failed, took {} ms", batch, rows - failed, failed,
        (System.nanoTime() - started) / 1_000_000);
    MDC.clear();
  }

  public static void main(String[] args) throws Exception {
    log.info("Starting import with {} workers", 3);
    var pool = Executors.newFixedThreadPool(3);
    for (int batch = 1; batch <= 60; batch++) {
      final int number = batch;
      pool.submit(() -> { byte[][] waste = new byte[64][]; for (int i = 0; i < 64; i++) waste[i] = new byte[1 << 18]; importBatch(number); });
    }
    pool.shutdown();
    pool.awaitTermination(30, TimeUnit.SECONDS);
    log.info("Import finished");
  }
}
