// templates name, merge, split, ignore, freeze: each adds one decision to the file with corrections: the one the
// configuration names, else templates.yaml in the store.
#include <algorithm>
#include <charconv>

#include "cli/commands.h"
#include "cli/failure.h"
#include "cli/store_change.h"
#include "cli/template_names.h"
#include "pipeline/config.h"
#include "query/store_overrides.h"
#include "query/store_reader.h"

namespace whittle {
namespace {

constexpr std::string_view kFileHead =
    "# Corrections of templates: docs/templates.md says what each means. Written by 'whittle templates', fine to "
    "edit.\n";

// The file as it is, what it says, and the store it is about.
class Corrections {
 public:
  static Result<Corrections> Open(const Env* env, const std::string& store, const std::string& path) {
    Corrections out;
    out.env_ = env;
    out.path_ = path;
    WHITTLE_ASSIGN_OR_RETURN(out.reader_, StoreReader::Open(env, store));
    auto text = ReadFile(env->files, out.path_, kMaxOverrideBytes);
    if (!text.ok() && text.status().code() != StatusCode::kNotFound) return text.status();
    if (text.ok()) {
      WHITTLE_ASSIGN_OR_RETURN(out.overrides, ParseOverrides(*text, out.path_));
      out.head_ = LeadingComments(*text);
    }
    if (out.head_.empty()) out.head_ = kFileHead;
    return out;
  }

  Result<Template> Find(const std::string& spelled) {
    WHITTLE_ASSIGN_OR_RETURN(const TemplateSet* templates, reader_->Templates());
    return FindTemplate(templates->templates(), spelled);
  }

  Status Save() {
    const std::string text = head_ + FormatOverrides(overrides);
    // What cannot be read again must not replace what can.
    const auto again = ParseOverrides(text, path_);
    if (!again.ok()) return again.status();
    return WriteFileAtomically(env_->files, path_, text);
  }

  const std::string& path() const { return path_; }
  Overrides overrides;

 private:
  static std::string LeadingComments(std::string_view text) {
    size_t end = 0;
    while (end < text.size() && text[end] == '#') end = std::min(text.find('\n', end), text.size() - 1) + 1;
    return std::string(text.substr(0, end));
  }

  const Env* env_ = nullptr;
  std::string path_, head_;
  std::unique_ptr<StoreReader> reader_;
};

// How a template is written in the file: its text, which says what is meant; its id where the text says two things.
TemplateRef RefTo(const Template& one) {
  TemplateRef ref = TemplateRef::Parse(one.text);
  if (ref.id != one.id) ref = TemplateRef::Parse(ToHex(one.id));
  return ref;
}

Status CheckTextIsClear(const Template& one) {
  if (TemplateRef::Parse(one.text).id == one.id) return Status::Ok();
  return Status(StatusCode::kUsage, "the log itself wrote <*> in " + ToHex(one.id) +
                                        ", so its text does not say which part is a slot; write the text by hand");
}

// The slot `spelled` (its number or its name) of a template, from 1.
Result<uint32_t> SlotOf(const Template& one, const std::string& spelled) {
  uint32_t number = 0;
  const auto [end, error] = std::from_chars(spelled.data(), spelled.data() + spelled.size(), number);
  if (error == std::errc() && end == spelled.data() + spelled.size()) {
    if (number >= 1 && number <= one.slots.size()) return number;
    return Status(StatusCode::kUsage, "slot " + spelled + ": the template has slots 1 to " +
                                          std::to_string(one.slots.size()) + ": " + one.text);
  }
  for (uint32_t i = 0; i < one.slots.size(); ++i) {
    if (one.slots[i].name == spelled) return i + 1;
  }
  return Status(StatusCode::kUsage, "the template has no slot '" + spelled + "'; it has" + SlotNames(one));
}

Status AddName(const std::vector<std::string>& arguments, Corrections* corrections) {
  WHITTLE_ASSIGN_OR_RETURN(const Template one, corrections->Find(arguments[0]));
  const TemplateRef ref = RefTo(one);
  auto& names = corrections->overrides.name;
  auto entry = std::find_if(names.begin(), names.end(), [&](const NameOverride& known) { return known.target == ref; });
  if (entry == names.end()) entry = names.insert(names.end(), {ref, {}});
  for (size_t i = 1; i < arguments.size(); ++i) {
    const size_t equals = arguments[i].find('=');
    if (equals == std::string::npos || equals + 1 == arguments[i].size())
      return Status(StatusCode::kUsage, "'" + arguments[i] + "': write SLOT=NAME, such as 1=user.name");
    WHITTLE_ASSIGN_OR_RETURN(const uint32_t slot, SlotOf(one, arguments[i].substr(0, equals)));
    entry->slots[slot] = arguments[i].substr(equals + 1);
  }
  return Status::Ok();
}

Status AddMerge(const std::vector<std::string>& arguments, Corrections* corrections) {
  MergeOverride merge;
  for (const std::string& argument : arguments) {
    WHITTLE_ASSIGN_OR_RETURN(const Template one, corrections->Find(argument));
    const TemplateRef ref = RefTo(one);
    if (std::find(merge.templates.begin(), merge.templates.end(), ref) == merge.templates.end())
      merge.templates.push_back(ref);
  }
  if (merge.templates.size() < 2) return Status(StatusCode::kUsage, "these are one template already");
  corrections->overrides.merge.push_back(std::move(merge));
  return Status::Ok();
}

Status AddSplit(const std::vector<std::string>& arguments, Corrections* corrections) {
  WHITTLE_ASSIGN_OR_RETURN(const Template one, corrections->Find(arguments[0]));
  WHITTLE_ASSIGN_OR_RETURN(const uint32_t slot, SlotOf(one, arguments[1]));
  corrections->overrides.split.push_back({RefTo(one), slot});
  return Status::Ok();
}

Status AddIgnore(const std::vector<std::string>& arguments, Corrections* corrections) {
  for (const std::string& argument : arguments) {
    WHITTLE_ASSIGN_OR_RETURN(const Template one, corrections->Find(argument));
    WHITTLE_RETURN_IF_ERROR(CheckTextIsClear(one));
    if (!corrections->overrides.IsIgnored(one.id)) corrections->overrides.ignore.push_back(RefTo(one));
  }
  return Status::Ok();
}

// A template of the store, or a text that nobody has seen yet.
Status AddFreeze(const std::vector<std::string>& arguments, Corrections* corrections) {
  for (const std::string& argument : arguments) {
    std::string text = argument;
    const auto found = corrections->Find(argument);
    if (found.ok()) {
      WHITTLE_RETURN_IF_ERROR(CheckTextIsClear(*found));
      text = found->text;
    } else if (argument.find("<*>") == std::string::npos) {
      return found.status();
    }
    auto& freeze = corrections->overrides.freeze;
    if (std::find(freeze.begin(), freeze.end(), text) == freeze.end()) freeze.push_back(text);
  }
  return Status::Ok();
}

using Edit = Status (*)(const std::vector<std::string>& arguments, Corrections* corrections);

struct Correction {
  std::string_view command;
  Edit edit;
  std::string_view effect;
};

constexpr std::string_view kSeenByReaders = "everything that reads the store sees it from now on";

constexpr Correction kCorrections[] = {
    {"templates name", AddName, kSeenByReaders},
    {"templates merge", AddMerge, kSeenByReaders},
    {"templates split", AddSplit,
     "new events are stored so; in old ones words of the slot that were stored as values stay together"},
    {"templates ignore", AddIgnore,
     "from the next ingest on such events are dropped by rule, and counted as that; stored ones stay"},
    {"templates freeze", AddFreeze, kSeenByReaders},
};

// Where the commands are called: in the daemon that writes to the store, if there is one, so that it takes part. A file
// that a configuration names is another's, and may be one that the daemon must not write.
int Correct(const ParsedFlags& flags, Streams& streams) {
  ChangePlace place;
  place.env = DefaultEnv();
  place.store = flags.Text("store");
  if (flags.Given("config")) {
    auto config = LoadConfig(place.env->files, flags.Text("config"));
    if (!config.ok()) return Fail(streams, Status(StatusCode::kConfig, config.status().message()));
    if (!flags.Given("store") && config->store_given) place.store = config->store;
    place.corrections = config->templates.overrides;
  }
  if (place.corrections.empty()) {
    if (const auto code = AskDaemon(place.env, place.store, ArgumentsOf(flags), streams)) return *code;
    place.corrections = StoreOverridesPath(place.store);
  }
  return ChangeTemplates(flags, place, streams);
}

}  // namespace

int ChangeTemplates(const ParsedFlags& flags, const ChangePlace& place, Streams& streams) {
  const Correction* correction = kCorrections;
  while (correction->command != flags.command().name) ++correction;
  auto corrections = Corrections::Open(place.env, place.store, place.corrections);
  if (!corrections.ok()) return Fail(streams, corrections.status());
  const Status edited = correction->edit(flags.positionals(), &*corrections);
  if (!edited.ok()) return Fail(streams, edited);
  if (const Status saved = corrections->Save(); !saved.ok()) return Fail(streams, saved);
  streams.out.Write(corrections->path() + ": written; " + std::string(correction->effect) + "\n");
  return 0;
}

int RunTemplatesName(const ParsedFlags& flags, Streams& streams) { return Correct(flags, streams); }
int RunTemplatesMerge(const ParsedFlags& flags, Streams& streams) { return Correct(flags, streams); }
int RunTemplatesSplit(const ParsedFlags& flags, Streams& streams) { return Correct(flags, streams); }
int RunTemplatesIgnore(const ParsedFlags& flags, Streams& streams) { return Correct(flags, streams); }
int RunTemplatesFreeze(const ParsedFlags& flags, Streams& streams) { return Correct(flags, streams); }

}  // namespace whittle
