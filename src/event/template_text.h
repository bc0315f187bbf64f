// The text of a template, made of its parts: slots as "<*>", slots beside each other as one, each run of white space as
// one blank, none at its ends. Templates that read alike have one text, and so one id. Part of the segment format,
// where signatures follow from it.
#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace whittle {

class TemplateText {
 public:
  // False when it goes on with the slot before it.
  bool AddSlot() {
    if (after_slot_) return false;
    after_slot_ = true;
    text_ += kSlotMark;
    return true;
  }

  void AddConstant(std::string_view constant) {
    if (constant.empty()) return;
    after_slot_ = false;
    for (const char c : constant) {
      if (c != ' ' && (c < '\t' || c > '\r')) {
        text_.push_back(c);
      } else if (!text_.empty() && text_.back() != ' ') {
        text_.push_back(' ');
      }
    }
  }

  std::string Take() {
    if (text_.ends_with(' ')) text_.pop_back();
    return std::move(text_);
  }

  static constexpr std::string_view kSlotMark = "<*>";

 private:
  std::string text_;
  bool after_slot_ = false;
};

}  // namespace whittle
