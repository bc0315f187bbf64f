// The orders service: takes a W3C traceparent, calls payments, logs with log/slog as JSON; panics are recovered and
// their stack is printed as the Go runtime prints it.
package main

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
)

var stock = map[string]int{"widget": 40, "gizmo": 3, "sprocket": 250}

func span(r *http.Request) (traceID, parent string) {
	parts := strings.Split(r.Header.Get("traceparent"), "-")
	if len(parts) != 4 {
		return "", ""
	}
	return parts[1], parts[2]
}

func take(item string, count int) error {
	left, known := stock[item]
	if !known {
		var orders map[string]int
		orders[item] = count // a bug: the map was never made
	}
	if left < count {
		return fmt.Errorf("only %d %s left, %d wanted", left, item, count)
	}
	stock[item] = left - count
	return nil
}

func main() {
	log := slog.New(slog.NewJSONHandler(os.Stdout, nil)).With("service", "orders")
	client := &http.Client{Timeout: 250 * time.Millisecond}
	handle := func(w http.ResponseWriter, r *http.Request) {
		started := time.Now()
		traceID, parent := span(r)
		spanID := fmt.Sprintf("%016x", uint64(started.UnixNano())*0x9e3779b97f4a7c15)
		l := log.With("trace_id", traceID, "span_id", spanID, "parent_span_id", parent)
		defer func() {
			if cause := recover(); cause != nil {
				l.Error("panic serving "+r.URL.Path, "panic", fmt.Sprint(cause))
				fmt.Fprintf(os.Stderr, "panic: %v\n\n%s", cause, debug.Stack())
				http.Error(w, "internal error", 500)
			}
		}()
		item := strings.TrimPrefix(r.URL.Path, "/order/")
		count, err := strconv.Atoi(r.URL.Query().Get("count"))
		if err != nil {
			l.Warn("bad request", "error", err.Error())
			http.Error(w, "count is no number", 400)
			return
		}
		if err := take(item, count); err != nil {
			l.Warn("out of stock", "item", item, "count", count, "error", err.Error())
			http.Error(w, err.Error(), 409)
			return
		}
		request, _ := http.NewRequest("GET", fmt.Sprintf("http://127.0.0.1:%s/pay?amount=%d", os.Args[2], count*1999), nil)
		request.Header.Set("traceparent", fmt.Sprintf("00-%s-%s-01", traceID, spanID))
		answer, err := client.Do(request)
		if err != nil {
			l.Error("payment failed", "error", err.Error(), "duration", time.Since(started).String())
			http.Error(w, "payment timed out", 504)
			return
		}
		defer answer.Body.Close()
		body, _ := io.ReadAll(answer.Body)
		l.Info("order placed", "item", item, "count", count, "payment_status", answer.StatusCode,
			"duration", time.Since(started).String())
		w.WriteHeader(answer.StatusCode)
		w.Write(body)
	}
	log.Info("listening", "addr", "127.0.0.1:"+os.Args[1])
	if err := http.ListenAndServe("127.0.0.1:"+os.Args[1], http.HandlerFunc(handle)); err != nil {
		log.Error("cannot listen", "error", err.Error())
		os.Exit(1)
	}
}
