// CodedTexts: the values of a column as they are stored: a text each, or, where the column has a dictionary, distinct
// texts and the number of each value. To write them out as a text each takes more memory and time than most readers
// need. Views die with the object, which may be moved, and with the arena that it was decoded into. Texts of a
// dictionary are nearly always different from each other, but need not be. Immutable once filled, so any number of
// threads may read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace whittle {

class CodedTexts {
 public:
  CodedTexts() = default;
  CodedTexts(CodedTexts&&) = default;
  CodedTexts& operator=(CodedTexts&&) = default;
  CodedTexts(const CodedTexts&) = delete;
  CodedTexts& operator=(const CodedTexts&) = delete;

  // A text per value.
  static CodedTexts Plain(std::vector<std::string_view> texts) {
    CodedTexts coded;
    coded.size_ = texts.size();
    coded.own_texts_ = std::move(texts);
    coded.texts_ = coded.own_texts_;
    return coded;
  }
  // `count` times the same.
  static CodedTexts Constant(std::string_view text, size_t count) {
    CodedTexts coded = Plain({text});
    coded.size_ = count;
    coded.step_ = 0;
    return coded;
  }
  // numbers[i] < texts.size().
  static CodedTexts Dictionary(std::vector<std::string_view> texts, std::vector<uint32_t> numbers) {
    CodedTexts coded = Plain(std::move(texts));
    coded.own_numbers_ = std::move(numbers);
    coded.numbers_ = coded.own_numbers_;
    coded.size_ = coded.numbers_.size();
    return coded;
  }
  // The same, owned by somebody else, who outlives it.
  static CodedTexts BorrowedDictionary(std::span<const std::string_view> texts, std::span<const uint32_t> numbers) {
    CodedTexts coded;
    coded.texts_ = texts;
    coded.numbers_ = numbers;
    coded.size_ = numbers.size();
    return coded;
  }

  size_t size() const { return size_; }
  std::string_view operator[](size_t i) const { return texts_[TextIndex(i)]; }
  // Which of texts() value `i` is.
  size_t TextIndex(size_t i) const { return numbers_.empty() ? i * step_ : static_cast<size_t>(numbers_[i]); }
  // The texts that values are numbers of; a text per value when there are no numbers, and one when all are equal.
  std::span<const std::string_view> texts() const { return texts_; }
  std::span<const uint32_t> numbers() const { return numbers_; }
  bool is_constant() const { return step_ == 0; }

  // Goes over the values from first to last, or back.
  class Walk {
   public:
    explicit Walk(const CodedTexts& coded)
        : texts_(coded.texts_.data()),
          numbers_(coded.numbers_.empty() ? nullptr : coded.numbers_.data()),
          step_(static_cast<std::ptrdiff_t>(coded.step_)) {}
    std::string_view Next() {
      if (numbers_ != nullptr) return texts_[*numbers_++];
      const std::string_view text = *texts_;
      texts_ += step_;
      return text;
    }
    void Move(std::ptrdiff_t values) {
      if (numbers_ != nullptr) {
        numbers_ += values;
      } else {
        texts_ += values * step_;
      }
    }

   private:
    const std::string_view* texts_;
    const uint32_t* numbers_;
    std::ptrdiff_t step_;
  };

 private:
  std::span<const std::string_view> texts_;
  std::span<const uint32_t> numbers_;
  size_t size_ = 0;
  size_t step_ = 1;  // from one value's text to the next one's
  std::vector<std::string_view> own_texts_;
  std::vector<uint32_t> own_numbers_;
};

}  // namespace whittle
