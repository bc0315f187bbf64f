// Integers of a column or stream as a node: constant, small dictionary, or (delta of delta of) values laid out as
// varints or byte planes. The layout is picked on a sample. Decoding is exact for every int64_t, overflow included
// (arithmetic is modulo 2^64). Pure functions; safe from any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "format/compressor.h"
#include "format/node.h"

namespace whittle {

void EncodeIntegers(std::span<const int64_t> values, Compressor* compressor, NodeSink* out);

// Replaces `*out` by `count` integers. False when the node is damaged. `count` is bounded by the caller.
bool DecodeIntegers(NodeSource* in, size_t count, std::vector<int64_t>* out);

// Takes the node if all its values are one, and says which; else leaves it.
std::optional<int64_t> TakeConstant(NodeSource* in);

}  // namespace whittle
