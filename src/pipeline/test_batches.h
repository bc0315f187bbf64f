// For tests: batches of lines from text, and what they were parsed to side by side.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "event/batch.h"

namespace whittle {

// Each line of `text`, the last one ended too, as a record.
inline LineBatch BatchOf(const std::string& text) {
  LineBatch batch;
  batch.text = std::make_shared<std::string>(text);
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = text.find('\n', begin);
    Line line;
    line.begin = static_cast<uint32_t>(begin);
    line.size = static_cast<uint32_t>(end - begin);
    line.end = LineEnd::kLf;
    line.record_start = true;
    batch.lines.push_back(line);
    begin = end + 1;
  }
  return batch;
}

inline void ExpectSame(const EventBatch& a, const EventBatch& b) {
  ASSERT_EQ(a.rows.size(), b.rows.size());
  ASSERT_EQ(a.slots.size(), b.slots.size());
  for (size_t i = 0; i < a.slots.size(); ++i) {
    EXPECT_EQ(a.slots[i].begin, b.slots[i].begin);
    EXPECT_EQ(a.slots[i].size, b.slots[i].size);
  }
  for (size_t i = 0; i < a.rows.size(); ++i) {
    EXPECT_EQ(a.shapes[a.rows[i].shape]->id, b.shapes[b.rows[i].shape]->id);
    EXPECT_EQ(a.rows[i].local_time_ns, b.rows[i].local_time_ns);
  }
}

}  // namespace whittle
