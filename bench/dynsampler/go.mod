module whittle/bench/dynsampler

go 1.19

require github.com/honeycombio/dynsampler-go v0.6.0
