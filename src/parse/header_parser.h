// The state machine behind ParseHeader: one object per text, used by header*.cc only. Items are taken from the left;
// every method that takes one moves at_ behind the item and its separator, where the message would begin, and returns
// true, or changes nothing and returns false. Holds a view of the text it was made for.
//
//   header.cc          the order in which items are tried, separators, syslog's host and tag
//   header_time.cc     how a header begins: time, uptime, columns before the time
//   header_level.cc    levels, also some columns on
//   header_names.cc    bracket groups and names
//   header_process.cc  process and thread ids, in the forms that programs have for them
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "event/shape.h"
#include "parse/header.h"
#include "parse/header_items.h"

namespace whittle {

constexpr int kMaxItems = 24;
constexpr int kMaxLeadingColumns = 6;  // what may stand before the time
constexpr int kMaxSkippedColumns = 5;  // what may stand between time and level

class HeaderParser {
 public:
  HeaderParser(std::string_view text, HeaderMode mode)
      : text_(text.substr(0, kMaxHeaderBytes)), size_(text.size()), mode_(mode) {}

  bool Parse();
  void Take(LineAnalysis* analysis);
  bool cacheable() const { return cacheable_; }

 private:
  // What stands between the last item and at_.
  enum class Gap { kNone, kBlank, kWide, kDash, kColon, kBar, kComma };

  bool FirstItem();
  bool NextItem();
  bool LeadingColumns();
  bool LabelledEpoch(std::string_view first, size_t end) const;
  bool LeadingLevel();
  void TimeBehindLevel();
  bool Glog();
  bool Uptime(size_t at);
  bool SkipsToMore(size_t at, bool padded) const;
  bool Time(size_t at, bool leading);
  bool LaterTime();
  bool Level();
  bool LevelAhead();
  bool SkipToLevel(size_t at, int columns, bool* plain, LevelItem* level) const;
  bool PostgresLevelAhead();
  bool Syslog();
  bool IsTimeOfSyslogDaemon() const;
  bool Bracket();
  bool LoggerAt(size_t at) const;
  bool ContextIsHeader(const BracketItem& context) const;
  bool BracketIsHeader(const BracketItem& bracket) const;
  void AddBracket(const BracketItem& bracket);
  bool AddSpringBracket(size_t begin, size_t end);
  bool Process();
  bool Numbers();
  bool ProcessAndThread();
  bool TagWithColon();
  bool ProcessTag();
  bool ErlangProcess();
  bool NumberedSubsystem();
  bool HexThread();
  bool ProcessInParentheses();
  bool ProcessBeforeBar();
  bool BriefTag(size_t at);
  bool ModuleOfLevel();
  bool Bars();
  bool ClosingItem();
  bool Name();
  bool ChannelWithLevel(std::string_view name);
  bool LoggerAndLevel(size_t end);
  bool NameWithColon(std::string_view token);
  bool NameBeforeGap(std::string_view token);

  void Add(size_t begin, size_t end, FieldRole role, ValueType type, std::string name, uint16_t layout = 0) {
    if (begin < end)
      fields_.push_back(
          {static_cast<uint32_t>(begin), static_cast<uint32_t>(end), role, type, 0, layout, std::move(name)});
  }
  // A logger's "main.go:23" is the place in the code.
  void AddName(size_t begin, size_t end, const char* name);
  void AddLevel(const LevelItem& level);
  // The item ends at `end`: moves behind the separator that follows it, where the body would begin.
  void Accept(size_t end);
  Gap GapAt(size_t at, size_t* next) const;
  bool At(std::string_view what) const { return text_.substr(at_).starts_with(what); }
  bool LevelOrBracketAt(size_t at) const;
  bool StructuredNameWithColonAt(size_t at) const;

  std::string_view text_;
  size_t size_;
  HeaderMode mode_;
  size_t at_ = 0;
  Gap gap_ = Gap::kNone;
  std::vector<FieldSpan> fields_;
  std::string form_;
  std::string envelope_;
  int columns_ = 0;   // before the time
  int skipped_ = 0;   // between time and level
  int brackets_ = 0;  // in a row
  int names_ = 0;
  int numbers_ = 0;
  bool time_ = false, date_ = false, level_ = false, uptime_ = false;
  bool letter_level_ = false, thread_ = false, glog_ = false, bars_ = false;
  bool yearless_ = false;  // a time as syslog writes it
  bool zoned_ = false, epoch_ = false;
  bool open_bracket_ = false;  // the time's bracket holds more items
  bool done_ = false;
  bool cacheable_ = true;
};

}  // namespace whittle
