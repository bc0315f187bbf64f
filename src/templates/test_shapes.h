// For tests: shapes from message texts, by the rules of scan/ (tokens, pieces), with kFixed for masked tokens as a
// segment would have them. Header-only, never linked into the program.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "event/shape.h"
#include "scan/shape_builder.h"
#include "scan/tokenizer.h"

namespace whittle::testing {

inline std::shared_ptr<const Shape> BuildShape(std::string_view line, bool continuation = false) {
  Tokenizer tokenizer;
  EXPECT_TRUE(tokenizer.Scan(line));
  LineAnalysis analysis;
  analysis.body_end = static_cast<uint32_t>(line.size());
  analysis.body_format = "text";
  return BuildRecipe(line, tokenizer, analysis, continuation)->shape;
}

// The shape of a segment in which all of `lines` have this one shape: masked tokens that agree are fixed.
inline std::shared_ptr<const Shape> ShapeOf(const std::vector<std::string>& lines, bool continuation = false) {
  auto shape = std::make_shared<Shape>(*BuildShape(lines.at(0), continuation));
  Tokenizer tokenizer;
  std::vector<std::vector<std::string>> values;
  for (const std::string& line : lines) {
    EXPECT_TRUE(tokenizer.Scan(line));
    values.emplace_back();
    for (const MaskedToken& token : tokenizer.masked())
      values.back().push_back(line.substr(token.begin, token.end - token.begin));
    EXPECT_EQ(values.back().size(), values.front().size()) << line;
  }
  for (Piece& piece : shape->pieces) {
    if (piece.kind != Piece::Kind::kSlot) continue;
    bool same = true;
    for (const auto& row : values) same = same && row.at(piece.slot) == values[0].at(piece.slot);
    if (!same) continue;
    piece.kind = Piece::Kind::kFixed;
    piece.text = values[0].at(piece.slot);
  }
  FinishShape(shape.get());
  return shape;
}

inline std::shared_ptr<const Shape> ShapeOf(const std::string& line) { return ShapeOf(std::vector<std::string>{line}); }

}  // namespace whittle::testing
