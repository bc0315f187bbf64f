// ShapeFolder: from the many shapes of lines to the few shapes of a segment.
//
// Lines parse to one shape per skeleton; consolidation then says which of them are one template and which pieces are
// its slots. Folding rewrites every shape to its template's form, so that "user alice logged in" and "user bob logged
// in" become one stored shape with one more slot, whose column holds the names. It also decides which slots share a
// column.
//
// Pure functions of their input; results own what they need. The pieces of a folded slot are contiguous in the line, so
// a slot's text stays one span of the source.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "event/batch.h"
#include "event/shape.h"
#include "format/segment.h"
#include "templates/consolidate.h"

namespace whittle {

// Where a folded slot's text stands in a line, told by the slots of the line's own shape: `delta` constant bytes after
// the end of slot `slot`, or after the beginning of the line when `slot` is -1.
struct FoldEdge {
  int32_t slot = -1;
  uint32_t delta = 0;
};

struct FoldedSlot {
  int32_t direct = -1;  // >= 0: the text is exactly this slot
  FoldEdge begin;
  FoldEdge end;
};

struct FoldPlan {
  uint32_t stored_shape = 0;  // index into FoldResult::shapes
  std::vector<FoldedSlot> slots;
};

struct FoldResult {
  std::vector<StoredShape> shapes;
  std::vector<ColumnInput> columns;  // without values
  std::vector<FoldPlan> plans;       // per input shape
};

// One shape as a segment's rows use it: which slots had one value in all of them (the text), for the others null data.
struct ShapeUse {
  std::shared_ptr<const Shape> shape;
  std::vector<std::string_view> single_values;
};

// A copy in which the body's single-valued masked tokens are kFixed. Piece indexes stay the same.
std::shared_ptr<const Shape> FixSingleValues(const ShapeUse& use);

// run(n, body) calls body(begin, end) for ranges that together are [0, n), perhaps several at the same time.
using RangeRunner = std::function<void(size_t, const std::function<void(size_t, size_t)>&)>;

// `fixed[i]` is FixSingleValues of use i and `bindings[i]` how it binds to its template.
FoldResult FoldShapes(const std::vector<ShapeUse>& uses, const std::vector<std::shared_ptr<const Shape>>& fixed,
                      const std::vector<Template>& templates, const std::vector<TemplateBinding>& bindings,
                      const RangeRunner& for_ranges);

}  // namespace whittle
