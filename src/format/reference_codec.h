// References into a dictionary (numbers by first appearance) as a node. Three ways, chosen by size on a sample: plain
// integers, or recency ranks: 0 = same as the one before, k = the k-th most recent distinct one, "new" = the next
// number never seen, "far" = older than the ranks reach, its number stored apart.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "format/compressor.h"
#include "format/node.h"

namespace whittle {

// Numbers are dense: the first occurrence of n comes after the first occurrence of n - 1.
void EncodeReferences(std::span<const uint32_t> numbers, uint32_t dictionary_size, Compressor* compressor,
                      NodeSink* out);
// False when damaged; every number is below dictionary_size.
bool DecodeReferences(NodeSource* in, size_t count, uint32_t dictionary_size, std::vector<uint32_t>* out);

}  // namespace whittle
