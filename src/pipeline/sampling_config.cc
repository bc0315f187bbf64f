#include "pipeline/sampling_config.h"

#include <charconv>
#include <cmath>

#include <fmt/format.h>
#include <algorithm>

#include "expr/parser.h"
#include "pipeline/config_check.h"
#include "pipeline/config_schema.h"

namespace whittle {
namespace {

constexpr std::string_view kAlways = "true";

std::optional<double> ReadNumber(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

bool IsMetricName(std::string_view text) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  const auto fits = [&](char c) { return is_digit(c) || c == '_' || ((c | 32) >= 'a' && (c | 32) <= 'z'); };
  return !text.empty() && text.size() <= 64 && !is_digit(text[0]) && std::all_of(text.begin(), text.end(), fits);
}

// Filters that are written differently and say the same have one text.
Result<std::string> CanonicalFilter(std::string_view text) {
  WHITTLE_ASSIGN_OR_RETURN(const auto expr, ParseFilter(text));
  return FormatExpr(*expr);
}

class PolicyReader {
 public:
  PolicyReader(const ConfigNode* root, std::string_view file_name) : root_(root), file_name_(file_name) {}

  Result<SamplingPolicy> Read(Prices* prices) {
    SamplingPolicy policy;
    if (root_ == nullptr) {
      policy.text = DescribePolicy(policy);
      return policy;
    }
    if (const auto* seed = Text(root_, "seed"))
      policy.seed = static_cast<uint64_t>(ReadConfigInteger(seed->text).value_or(1));
    if (const auto* coin = Text(root_, "coin")) policy.w3c_coin = coin->text == "w3c";
    WHITTLE_RETURN_IF_ERROR(ReadBudget(root_->Find("budget"), &policy.budget));
    if (const ConfigNode* cap = root_->Find("cap")) {
      if (const auto* keep = Text(cap, "keep")) policy.cap = *ReadConfigPercent(keep->text);
      if (policy.cap <= 0) return Error(cap, "'cap' of 0% would keep nothing at all");
    }
    WHITTLE_RETURN_IF_ERROR(ReadKey(&policy));
    WHITTLE_RETURN_IF_ERROR(ReadCurve(&policy.curve));
    if (const auto* window = Text(root_, "window")) policy.window_ns = *ReadConfigDuration(window->text);
    if (const ConfigNode* floor = root_->Find("floor")) {
      if (const auto* each = Text(floor, "per_key_per_window")) {
        const auto number = ReadNumber(each->text);
        if (!number || *number < 0) return Error(each, "'per_key_per_window' needs a number from 0, such as 1 or 0.5");
        policy.floor = *number;
      }
    }
    if (const auto* traces = Text(root_, "traces")) {
      policy.traces = traces->text == "independent" ? SamplingPolicy::Traces::kIndependent
                      : traces->text == "whole"     ? SamplingPolicy::Traces::kWhole
                                                    : SamplingPolicy::Traces::kSharedCoin;
    }
    if (policy.budget.per_window()) WHITTLE_RETURN_IF_ERROR(CheckLimit(&policy));
    if (const ConfigNode* hold = root_->Find("hold")) {
      if (const auto* time = Text(hold, "time")) policy.hold_ns = *ReadConfigDuration(time->text);
      if (const auto* bytes = Text(hold, "bytes"))
        policy.hold_bytes = static_cast<uint64_t>(*ReadConfigSize(bytes->text));
    }
    if (const auto* incoming = Text(root_, "incoming")) policy.incoming = ReadIncoming(incoming->text);
    if (const auto* most = Text(root_, "max_strata"))
      policy.max_strata = static_cast<size_t>(*ReadConfigInteger(most->text));
    WHITTLE_RETURN_IF_ERROR(ReadRules(&policy));
    WHITTLE_RETURN_IF_ERROR(ReadMetrics(&policy));
    WHITTLE_RETURN_IF_ERROR(ReadPrices(prices));
    policy.text = DescribePolicy(policy);
    return policy;
  }

 private:
  Status Error(const ConfigNode* node, const std::string& what) const {
    return ConfigError(file_name_, node->position, what);
  }

  static const ConfigNode* Text(const ConfigNode* group, std::string_view key) {
    const ConfigNode* node = group->Find(key);
    return node != nullptr && node->kind == ConfigNode::Kind::kText ? node : nullptr;
  }

  static IncomingChoice ReadIncoming(const std::string& text) {
    using Kind = IncomingChoice::Kind;
    if (text == "auto") return {};
    return text == "off" ? IncomingChoice{Kind::kOff, ""} : IncomingChoice{Kind::kField, text};
  }

  Status ReadBudget(const ConfigNode* group, SamplingBudget* budget) const {
    if (group == nullptr || group->entries.empty()) return Status::Ok();
    if (group->entries.size() > 1) {
      return Error(
          group,
          "'budget' is one of keep, keep_bytes, events_per_s, bytes_per_day, events_per_window and rate, not several");
    }
    const std::string& key = group->entries[0].key;
    const ConfigNode* value = group->entries[0].value.get();
    using Kind = SamplingBudget::Kind;
    if (key == "keep" || key == "keep_bytes") {
      budget->kind = key == "keep" ? Kind::kKeep : Kind::kKeepBytes;
      budget->amount = *ReadConfigPercent(value->text);
    } else if (key == "bytes_per_day") {
      budget->kind = Kind::kBytesPerDay;
      budget->amount = static_cast<double>(*ReadConfigSize(value->text));
    } else if (key == "events_per_window") {
      budget->kind = Kind::kEventsPerWindow;
      const auto number = ReadConfigInteger(value->text);
      if (!number || *number < 2)
        return Error(value, "'events_per_window' needs a whole number from 2, not '" + value->text + "'");
      budget->amount = static_cast<double>(*number);
    } else {
      budget->kind = key == "rate" ? Kind::kRate : Kind::kEventsPerSecond;
      const auto number = ReadNumber(value->text);
      if (!number || *number <= 0)
        return Error(value, "'" + key + "' needs a number above 0, not '" + value->text + "'");
      if (budget->kind == Kind::kRate && *number < 1)
        return Error(value, "'rate' keeps one in so many: a number from 1");
      budget->amount = budget->kind == Kind::kRate ? 1 / *number : *number;
    }
    if (budget->amount <= 0) return Error(value, "'" + key + "' of 0 would keep nothing; use a rule with 'drop: true'");
    if (budget->amount >= 1 && !budget->absolute()) *budget = SamplingBudget();
    return Status::Ok();
  }

  // A limit cuts through traces, and through what a cap by rates would leave.
  Status CheckLimit(SamplingPolicy* policy) const {
    if (policy->cap < 1) {
      return Error(root_->Find("cap"),
                   "'cap' and 'budget: {events_per_window: ...}' do not go together: the latter is a "
                   "limit of everything already, rules included");
    }
    if (const auto* traces = Text(root_, "traces"); traces != nullptr && traces->text != "independent") {
      return Error(traces,
                   "a limit per window decides about events one by one: 'traces: independent', or another budget");
    }
    policy->traces = SamplingPolicy::Traces::kIndependent;
    return Status::Ok();
  }

  Status ReadKey(SamplingPolicy* policy) const {
    const ConfigNode* key = root_->Find("key");
    if (key == nullptr || key->kind == ConfigNode::Kind::kNull) return Status::Ok();
    policy->key.clear();
    if (key->kind == ConfigNode::Kind::kText) policy->key.push_back(key->text);
    for (const auto& item : key->items) policy->key.push_back(item->text);
    if (policy->key.empty()) return Error(key, "'key' is empty; [signature] is the least");
    if (policy->key.size() > kMaxSamplingKeys) {
      return Error(key, "'key' has more than " + std::to_string(kMaxSamplingKeys) + " expressions");
    }
    return Status::Ok();
  }

  Status ReadCurve(Curve* curve) const {
    const ConfigNode* node = Text(root_, "curve");
    if (node == nullptr) return Status::Ok();
    const std::string_view text = node->text;
    if (text == "log") {
      curve->kind = Curve::Kind::kLog;
    } else if (text == "sqrt") {
      curve->kind = Curve::Kind::kSqrt;
    } else if (text == "equal") {
      curve->kind = Curve::Kind::kEqual;
    } else {
      const auto power = text.starts_with("power:") ? ReadNumber(text.substr(6)) : std::nullopt;
      if (!power || *power < 0 || *power > 1) {
        return Error(node,
                     "'curve' is one of log, sqrt, equal and power:X with X from 0 to 1, not '" + node->text + "'");
      }
      curve->kind = Curve::Kind::kPower;
      curve->power = *power;
    }
    return Status::Ok();
  }

  Status ReadRules(SamplingPolicy* policy) const {
    const ConfigNode* rules = root_->Find("rules");
    if (rules == nullptr) return Status::Ok();
    if (rules->items.size() > kMaxSamplingRules) {
      return Error(rules, "more than " + std::to_string(kMaxSamplingRules) + " rules; each costs time on every event");
    }
    for (const auto& item : rules->items) WHITTLE_RETURN_IF_ERROR(ReadRule(*item, policy));
    return Status::Ok();
  }

  Status ReadRule(const ConfigNode& item, SamplingPolicy* policy) const {
    SamplingRule rule;
    const ConfigNode* when = Text(&item, "when");
    rule.when = when->text;
    auto filter = Filter::Parse(rule.when == kAlways ? std::string_view() : std::string_view(rule.when));
    if (!filter.ok()) return Error(when, "'when': " + filter.status().message());
    rule.filter = std::move(*filter);
    const ConfigNode* keep = Text(&item, "keep");
    const ConfigNode* rate = Text(&item, "rate");
    const ConfigNode* drop = Text(&item, "drop");
    if ((keep != nullptr) + (rate != nullptr) + (drop != nullptr) != 1) {
      return Error(&item, "a rule has one of 'keep: all', 'keep: first N', 'keep: 10%', 'rate: N' and 'drop: true'");
    }
    if (keep != nullptr) WHITTLE_RETURN_IF_ERROR(ReadKeep(*keep, &rule));
    if (rate != nullptr) {
      const auto number = ReadNumber(rate->text);
      if (!number || *number < 1)
        return Error(rate, "'rate' keeps one in so many: a number from 1, not '" + rate->text + "'");
      rule.action = SamplingRule::Action::kRate;
      rule.probability = 1 / *number;
    }
    if (drop != nullptr) {
      if (drop->text != "true") return Error(drop, "'drop' is true or not there; 'keep: all' keeps");
      rule.action = SamplingRule::Action::kDrop;
    }
    if (const ConfigNode* per = Text(&item, "per")) {
      if (rule.action != SamplingRule::Action::kKeepFirst) return Error(per, "'per' belongs to 'keep: first N'");
      rule.per = per->text == "template" ? SamplingRule::Per::kTemplate
                 : per->text == "source" ? SamplingRule::Per::kSource
                                         : SamplingRule::Per::kStratum;
    }
    policy->rules.push_back(std::move(rule));
    return Status::Ok();
  }

  Status ReadMetrics(SamplingPolicy* policy) const {
    const ConfigNode* metrics = root_->Find("metrics");
    if (metrics == nullptr) return Status::Ok();
    if (metrics->items.size() > kMaxMetrics)
      return Error(metrics, "more than " + std::to_string(kMaxMetrics) + " metrics; each costs time on every event");
    for (const auto& item : metrics->items) WHITTLE_RETURN_IF_ERROR(ReadMetric(*item, policy));
    return Status::Ok();
  }

  Status ReadMetric(const ConfigNode& item, SamplingPolicy* policy) const {
    SamplingMetric metric;
    const ConfigNode* name = Text(&item, "name");
    if (!IsMetricName(name->text))
      return Error(name,
                   "'name' is at most 64 letters, digits and _ and begins with no digit, unlike '" + name->text + "'");
    metric.definition.name = name->text;
    for (const SamplingMetric& other : policy->metrics) {
      if (other.definition.name == name->text) return Error(name, "two metrics have the name '" + name->text + "'");
    }
    const ConfigNode* when = Text(&item, "when");
    const std::string_view text = when->text == kAlways ? std::string_view() : std::string_view(when->text);
    auto filter = Filter::Parse(text);
    if (!filter.ok()) return Error(when, "'when': " + filter.status().message());
    metric.filter = std::move(*filter);
    WHITTLE_ASSIGN_OR_RETURN(metric.definition.when, CanonicalFilter(text));
    if (const ConfigNode* sum = Text(&item, "sum")) metric.definition.sum = sum->text;
    policy->metrics.push_back(std::move(metric));
    return Status::Ok();
  }

  Status ReadKeep(const ConfigNode& keep, SamplingRule* rule) const {
    if (keep.text == "all") return Status::Ok();
    if (keep.text.starts_with("first ")) {
      const auto count = ReadConfigInteger(std::string_view(keep.text).substr(6));
      if (count && *count > 0) {
        rule->action = SamplingRule::Action::kKeepFirst;
        rule->first = static_cast<uint64_t>(*count);
        return Status::Ok();
      }
    } else if (const auto share = ReadConfigPercent(keep.text); share && *share > 0) {
      rule->action = SamplingRule::Action::kRate;
      rule->probability = *share;
      return Status::Ok();
    }
    return Error(&keep, "'keep' is all, first N or a percentage above 0, not '" + keep.text + "'");
  }

  Status ReadPrices(Prices* prices) const {
    const ConfigNode* group = root_->Find("prices");
    if (group == nullptr || prices == nullptr) return Status::Ok();
    const std::pair<const char*, double*> known[] = {{"ingest_gb", &prices->ingest_gb},
                                                     {"million_events", &prices->million_events},
                                                     {"stored_gb_month", &prices->stored_gb_month}};
    for (const auto& [name, price] : known) {
      const ConfigNode* node = Text(group, name);
      if (node == nullptr) continue;
      const auto number = ReadNumber(node->text);
      if (!number || *number < 0) return Error(node, std::string("'") + name + "' needs a number from 0");
      *price = *number;
    }
    return Status::Ok();
  }

  const ConfigNode* root_;
  std::string_view file_name_;
};

std::string BudgetText(const SamplingBudget& budget) {
  using Kind = SamplingBudget::Kind;
  switch (budget.kind) {
    case Kind::kEverything:
      return "everything";
    case Kind::kKeep:
      return fmt::format("keep {}%", budget.amount * 100);
    case Kind::kKeepBytes:
      return fmt::format("keep_bytes {}%", budget.amount * 100);
    case Kind::kEventsPerSecond:
      return fmt::format("events_per_s {}", budget.amount);
    case Kind::kBytesPerDay:
      return fmt::format("bytes_per_day {}", budget.amount);
    case Kind::kRate:
      return fmt::format("rate {}", 1 / budget.amount);
    case Kind::kEventsPerWindow:
      return fmt::format("events_per_window {} (bottom-k)", budget.amount);
  }
  return "";
}

std::string RuleText(const SamplingRule& rule) {
  constexpr std::string_view kPer[] = {"stratum", "template", "source"};
  switch (rule.action) {
    case SamplingRule::Action::kKeepAll:
      return "keep all";
    case SamplingRule::Action::kKeepFirst:
      return fmt::format("keep first {} per {}", rule.first, kPer[static_cast<size_t>(rule.per)]);
    case SamplingRule::Action::kRate:
      return fmt::format("rate {}", 1 / rule.probability);
    case SamplingRule::Action::kDrop:
      return "drop";
  }
  return "";
}

}  // namespace

Result<SamplingPolicy> ReadSamplingPolicy(const ConfigNode* sampling, std::string_view file_name, Prices* prices) {
  if (sampling != nullptr && sampling->kind != ConfigNode::Kind::kMap) sampling = nullptr;
  return PolicyReader(sampling, file_name).Read(prices);
}

Result<PolicyFile> ParsePolicyFile(std::string_view text, std::string_view file_name) {
  WHITTLE_ASSIGN_OR_RETURN(std::shared_ptr<const ConfigNode> root, ParseConfigTree(text, file_name));
  // What belongs below `sampling:` may stand alone.
  const bool whole = root->entries.empty() || root->Find("sampling") != nullptr ||
                     FindConfigKey("sampling." + root->entries[0].key) == nullptr;
  if (!whole) {
    auto wrapped = std::make_shared<ConfigNode>();
    wrapped->kind = ConfigNode::Kind::kMap;
    wrapped->entries.push_back({"sampling", root->position, root});
    root = std::move(wrapped);
  }
  WHITTLE_RETURN_IF_ERROR(CheckConfig(*root, file_name));
  PolicyFile file;
  WHITTLE_ASSIGN_OR_RETURN(file.policy, ReadSamplingPolicy(root->Find("sampling"), file_name, &file.prices));
  return file;
}

Result<PolicyFile> LoadPolicyFile(FileSystem* files, const std::string& path) {
  WHITTLE_ASSIGN_OR_RETURN(const std::string text, ReadFile(files, path, kMaxConfigBytes));
  return ParsePolicyFile(text, path);
}

std::optional<double> ReadKeepFlag(std::string_view text) {
  const auto share = ReadConfigPercent(text);
  return share && *share > 0 ? share : std::nullopt;
}

Status ApplyKeepFlags(const KeepFlags& flags, SamplingPolicy* policy) {
  using Kind = SamplingBudget::Kind;
  if (flags.keep && flags.per_window)
    return Status(StatusCode::kUsage, "--keep and --keep-per-window are two budgets; give one");
  if (flags.keep) policy->budget = *flags.keep >= 1 ? SamplingBudget() : SamplingBudget{Kind::kKeep, *flags.keep};
  if (flags.per_window) {
    if (policy->traces == SamplingPolicy::Traces::kWhole || policy->cap < 1)
      return Status(StatusCode::kUsage, "--keep-per-window does not go with 'traces: whole' or 'cap' of the policy");
    policy->traces = SamplingPolicy::Traces::kIndependent;
    policy->budget = {Kind::kEventsPerWindow, static_cast<double>(*flags.per_window)};
  }
  if (flags.errors) {
    SamplingRule rule;
    rule.when = "severity >= error";
    WHITTLE_ASSIGN_OR_RETURN(rule.filter, Filter::Parse(rule.when));
    policy->rules.insert(policy->rules.begin(), std::move(rule));
  }
  policy->text = DescribePolicy(*policy);
  return Status::Ok();
}

void IgnoreTemplates(std::vector<std::string> texts, SamplingPolicy* policy) {
  if (texts.empty()) return;
  std::sort(texts.begin(), texts.end());
  std::string all;
  for (const std::string& text : texts) all.append(text).push_back('\n');
  SamplingRule rule;
  rule.when = fmt::format("one of {} ignored templates ({})", texts.size(), ToHex(Hash64(all)));
  rule.action = SamplingRule::Action::kDrop;
  rule.templates = std::move(texts);
  policy->rules.insert(policy->rules.begin(), std::move(rule));
  policy->text = DescribePolicy(*policy);
}

std::string DescribePolicy(const SamplingPolicy& policy) {
  constexpr std::string_view kCurves[] = {"log", "sqrt", "equal", "power"};
  constexpr std::string_view kTraces[] = {"shared-coin", "whole", "independent"};
  std::string text = fmt::format("seed {}; coin {}; budget {}", policy.seed, policy.w3c_coin ? "w3c" : "hash",
                                 BudgetText(policy.budget));
  if (policy.cap < 1) text += fmt::format("; cap {}%", policy.cap * 100);
  text +=
      fmt::format("; key {}; curve {}", fmt::join(policy.key, ","), kCurves[static_cast<size_t>(policy.curve.kind)]);
  if (policy.curve.kind == Curve::Kind::kPower) text += fmt::format(":{}", policy.curve.power);
  text += fmt::format("; window {}s; floor {}; traces {}", static_cast<double>(policy.window_ns) / 1e9, policy.floor,
                      kTraces[static_cast<size_t>(policy.traces)]);
  if (policy.traces == SamplingPolicy::Traces::kWhole)
    text += fmt::format(" (hold {}s, {} bytes)", static_cast<double>(policy.hold_ns) / 1e9, policy.hold_bytes);
  if (policy.incoming.kind == IncomingChoice::Kind::kOff) text += "; incoming off";
  if (policy.incoming.kind == IncomingChoice::Kind::kField) text += fmt::format("; incoming {}", policy.incoming.field);
  for (const SamplingMetric& metric : policy.metrics)
    text +=
        fmt::format("; metric {}: {} sum {}", metric.definition.name, metric.definition.when, metric.definition.sum);
  for (const SamplingRule& rule : policy.rules) text += fmt::format("; rule {}: {}", rule.when, RuleText(rule));
  return text;
}

}  // namespace whittle
