// Helpers of this folder's tests, benchmark and fuzzer: segments made of lines, and nodes in memory. Not for
// production.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "format/node.h"
#include "format/segment.h"

namespace whittle::testing {

// The blobs of a sink, in order.
class SinkBlobs : public BlobReader {
 public:
  explicit SinkBlobs(const NodeSink& sink) : sink_(sink) {}
  bool Next(std::string_view* bytes) override {
    if (next_ == sink_.blobs.size()) return false;
    *bytes = sink_.blobs[next_++].bytes;
    return true;
  }
  bool finished() const { return next_ == sink_.blobs.size(); }

 private:
  const NodeSink& sink_;
  size_t next_ = 0;
};

// Builds a SegmentInput row by row from forms like "took % ms": each % is a slot with a column of its own, unless the
// form says "%0".."%9": a column shared by all forms that use the digit.
class SegmentMaker {
 public:
  SegmentMaker() {
    input_.sources.push_back({"0123456789abcdef0123456789abcdef", "app.log", {}});
    input_.sources[0].attributes.push_back({"service.name", Value::String("app")});
  }

  void Row(const std::string& form, const std::vector<std::string>& values, LineEnd end = LineEnd::kLf,
           bool record_start = true) {
    const uint32_t shape = ShapeOf(form);
    const StoredShape& stored = input_.shapes[shape];
    size_t next = 0;
    for (const Piece& piece : stored.shape->pieces) {
      if (piece.kind != Piece::Kind::kSlot) {
        text_ += piece.text;
        continue;
      }
      texts_.push_back(values.at(next));
      text_ += texts_.back();
      input_.columns[stored.columns[next++]].values.push_back(texts_.back());
    }
    constexpr std::string_view kEnds[] = {"", "\n", "\r\n"};
    text_ += kEnds[static_cast<size_t>(end)];
    input_.row_shape.push_back(shape);
    input_.row_flags.push_back(static_cast<uint8_t>((record_start ? 1 : 0) | static_cast<int>(end) << 1));
  }
  // Adds the run that covers all rows and returns the input; views live as long as the maker.
  SegmentInput& Finish() {
    SourceRun run;
    run.end_offset = text_.size();
    run.line_count = run.row_count = input_.row_shape.size();
    input_.runs = {run};
    return input_;
  }
  SegmentInput& input() { return input_; }
  const std::string& text() const { return text_; }

 private:
  uint32_t ShapeOf(const std::string& form) {
    if (const auto it = forms_.find(form); it != forms_.end()) return it->second;
    auto shape = std::make_shared<Shape>();
    StoredShape stored;
    std::string literal;
    const auto flush = [&] {
      if (!literal.empty()) shape->pieces.push_back({Piece::Kind::kWord, TokenClass::kWord, 0, 0, literal});
      literal.clear();
    };
    for (size_t i = 0; i < form.size(); ++i) {
      if (form[i] != '%') {
        literal += form[i];
        continue;
      }
      flush();
      shape->pieces.push_back({Piece::Kind::kSlot, TokenClass::kMixed, 0, shape->slot_count++, ""});
      if (i + 1 < form.size() && form[i + 1] >= '0' && form[i + 1] <= '9') {
        const auto [it, fresh] = shared_.try_emplace(form[++i], static_cast<uint32_t>(input_.columns.size()));
        if (fresh) input_.columns.emplace_back();
        stored.columns.push_back(it->second);
      } else {
        stored.columns.push_back(static_cast<uint32_t>(input_.columns.size()));
        input_.columns.emplace_back();
      }
    }
    flush();
    FinishShape(shape.get());
    stored.shape = std::move(shape);
    input_.shapes.push_back(std::move(stored));
    return forms_[form] = static_cast<uint32_t>(input_.shapes.size() - 1);
  }

  SegmentInput input_;
  std::deque<std::string> texts_;  // stable addresses
  std::map<std::string, uint32_t> forms_;
  std::map<char, uint32_t> shared_;
  std::string text_;
};

// Texts of one of many kinds that real and hostile columns have, by `kind`; kinds repeat beyond kValueKinds.
inline constexpr int kValueKinds = 20;
inline std::string RandomValue(int kind, uint64_t row, std::mt19937_64* random) {
  std::mt19937_64& r = *random;
  const auto hex = [&](int n) {
    std::string s;
    for (int i = 0; i < n; ++i) s += "0123456789abcdef"[r() % 16];
    return s;
  };
  switch (kind % kValueKinds) {
    case 0:
      return "constant";
    case 1:
      return std::to_string(row);
    case 2:
      return std::to_string(static_cast<int64_t>(r()) >> (r() % 60));
    case 3:
      return std::to_string(1000000 + row % 1000).substr(1);
    case 4:
      return std::to_string(r() % 1000) + "." + std::to_string(100 + r() % 900);
    case 5:
      return hex(32);
    case 6:
      return "blk_" + std::to_string(static_cast<int64_t>(r()));
    case 7:
      return "/10." + std::to_string(r() % 4) + ".7." + std::to_string(r() % 256) + ":" + std::to_string(r() % 65536);
    case 8:
      return std::vector<std::string>{"INFO", "WARN", "ERROR", ""}[r() % 4];
    case 9:
      return "attempt_14450_" + std::to_string(1000 + row / 50).substr(1) + "_m_" + std::to_string(r() % 9);
    case 10: {
      std::string s(r() % 20, '\0');
      for (char& c : s) c = static_cast<char>(r());
      return s;
    }
    case 11:
      return row % 17 == 3 ? "n/a" : std::to_string(r() % 500);
    case 12:
      return hex(8) + "-" + hex(4) + "-" + hex(4) + "-" + hex(4) + "-" + hex(12);
    case 13:
      return "user" + std::to_string(r() % 300);
    case 14:
      return std::string(r() % 3, '0') + std::to_string(r() % 100);
    case 15:
      return std::vector<std::string>{"-0", "00", "-", "+1", "1.", ".5", "-0.0", "1e5", "9223372036854775808"}[r() % 9];
    case 16:
      return std::string("\0\1a=", 4) + std::to_string(r() % 10);
    case 17:
      return "GET /a/b?x=" + std::to_string(r() % 100) + "&y=" + hex(6);
    case 18:
      return "-" + std::to_string(r() % 100) + "." + std::to_string(r() % 10);
    default:
      return std::to_string(1600000000000 + static_cast<int64_t>(row * 7 + r() % 3));
  }
}

// Rows of random forms over random kinds of values, with shared columns, all line ends and continuation rows.
inline void FillRandom(uint64_t seed, size_t rows, SegmentMaker* maker) {
  std::mt19937_64 random(seed);
  struct Form {
    std::string text;
    std::vector<int> kinds;
  };
  std::vector<Form> forms(1 + random() % 12);
  for (size_t f = 0; f < forms.size(); ++f) {
    const size_t slots = random() % 6;
    forms[f].text = "f" + std::to_string(f);
    for (size_t s = 0; s < slots; ++s) {
      const bool shared = random() % 4 == 0;
      const int digit = static_cast<int>(random() % 3);
      forms[f].text += shared ? " %" + std::to_string(digit) + ";" : " %;";
      forms[f].kinds.push_back(shared ? 5 + digit : static_cast<int>(random() % kValueKinds));
    }
  }
  std::vector<std::string> recent(1, "cafe0001");
  for (size_t i = 0; i < rows; ++i) {
    const Form& form = forms[random() % forms.size()];
    std::vector<std::string> values;
    for (const int kind : form.kinds) {
      // Now and then the same id in several columns.
      if (kind == 5 && random() % 3 != 0) {
        values.push_back(recent[random() % recent.size()]);
      } else {
        values.push_back(RandomValue(kind, i, &random));
        if (kind == 5 && recent.size() < 200) recent.push_back(values.back());
      }
    }
    const bool last = i + 1 == rows;
    maker->Row(form.text, values,
               last && random() % 2 ? LineEnd::kNone
               : random() % 50      ? LineEnd::kLf
                                    : LineEnd::kCrLf,
               random() % 10 != 0);
  }
}

}  // namespace whittle::testing
