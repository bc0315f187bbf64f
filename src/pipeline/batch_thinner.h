// BatchThinner: takes rows out of a batch. What goes becomes gaps between the rows that stay, so the batch still covers
// the same bytes and lines of its source. For one batch, which must outlive it, on one thread.
#pragma once

#include <cstddef>
#include <vector>

#include "event/batch.h"

namespace whittle {

class BatchThinner {
 public:
  explicit BatchThinner(EventBatch* batch) : batch_(*batch), keep_(batch->rows.size(), true) {}

  void LeaveOut(size_t row) {
    keep_[row] = false;
    ++left_out_;
  }
  // Once, after the last LeaveOut.
  void Apply();

 private:
  void KeepTail();
  void ForgetUnusedShapes();
  void Compact();

  EventBatch& batch_;
  std::vector<bool> keep_;
  size_t left_out_ = 0;
};

}  // namespace whittle
