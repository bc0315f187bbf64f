// Gives a sequence of events to the algorithms of dynsampler-go and prints the rate that each event got.
//
// Input: one line a window, the keys of its events in order. The algorithms end their windows by the clock, so a window
// takes `window`; its events come right at its beginning. Output, per algorithm: its name, then a line of rates a window.
package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	dynsampler "github.com/honeycombio/dynsampler-go"
)

const window = 200 * time.Millisecond

// Events to keep a window, for the algorithms that aim at a throughput.
const perWindow = 200

func samplers() map[string]dynsampler.Sampler {
	perSecond := int(float64(perWindow) / window.Seconds())
	return map[string]dynsampler.Sampler{
		"AvgSampleRate":      &dynsampler.AvgSampleRate{ClearFrequencyDuration: window, GoalSampleRate: 10},
		"EMASampleRate":      &dynsampler.EMASampleRate{AdjustmentIntervalDuration: window, GoalSampleRate: 10},
		"TotalThroughput":    &dynsampler.TotalThroughput{ClearFrequencyDuration: window, GoalThroughputPerSec: perSecond},
		"EMAThroughput":      &dynsampler.EMAThroughput{AdjustmentInterval: window, GoalThroughputPerSec: perSecond},
		"WindowedThroughput": &dynsampler.WindowedThroughput{UpdateFrequencyDuration: window, LookbackFrequencyDuration: 5 * window, GoalThroughputPerSec: float64(perSecond)},
	}
}

func main() {
	var windows [][]string
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(make([]byte, 1<<20), 1<<26)
	for in.Scan() {
		windows = append(windows, strings.Fields(in.Text()))
	}
	var wait sync.WaitGroup
	var print sync.Mutex
	for name, sampler := range samplers() {
		wait.Add(1)
		go func(name string, sampler dynsampler.Sampler) {
			defer wait.Done()
			if err := sampler.Start(); err != nil {
				fmt.Fprintln(os.Stderr, name, err)
				return
			}
			var out strings.Builder
			next := time.Now().Add(window / 4) // well after the tick that ends the window before
			for _, keys := range windows {
				time.Sleep(time.Until(next))
				next = next.Add(window)
				for _, key := range keys {
					fmt.Fprintf(&out, "%d ", sampler.GetSampleRate(key))
				}
				out.WriteByte('\n')
			}
			sampler.Stop()
			print.Lock()
			defer print.Unlock()
			fmt.Printf("%s\n%s", name, out.String())
		}(name, sampler)
	}
	wait.Wait()
}
