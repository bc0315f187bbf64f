#include "pipeline/config_tree.h"

#include <simdjson.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <sstream>

namespace whittle {
namespace {

ConfigPosition At(const YAML::Mark& mark) { return {std::max(mark.line, 0) + 1, std::max(mark.column, 0) + 1}; }

// Thrown through yaml-cpp, caught in ParseConfigTree.
struct Refused {
  ConfigPosition position;
  std::string what;
};

std::string_view Name(ConfigNode::Kind kind) {
  switch (kind) {
    case ConfigNode::Kind::kList:
      return "a list";
    case ConfigNode::Kind::kMap:
      return "a group of keys";
    default:
      return "nothing";
  }
}

// Builds the tree from the parser's events: no node of yaml-cpp is ever made, so aliases cost nothing and duplicates
// are seen.
class Builder final : public YAML::EventHandler {
 public:
  explicit Builder(std::string_view text) : text_(text) {}

  std::shared_ptr<const ConfigNode> root() const { return root_; }
  size_t documents() const { return documents_; }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) throw Refused{At(mark), "a second document ('---') begins; a configuration is one"};
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Add(NewNode(ConfigNode::Kind::kNull, mark), anchor, /*closed=*/true);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    auto node = NewNode(ConfigNode::Kind::kText, mark);
    node->text = value;
    node->quoted = tag == "!";
    if (node->quoted && !IsClosed(mark)) throw Refused{At(mark), "this quote is never closed"};
    if (!node->quoted && (value == "~" || value == "null")) node->kind = ConfigNode::Kind::kNull;
    Add(std::move(node), anchor, true);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) throw Refused{At(mark), "an alias inside of what it stands for"};
    Count(found->second->weight, At(mark));
    Place(found->second, At(mark));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Add(NewNode(ConfigNode::Kind::kList, mark), anchor, false);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Add(NewNode(ConfigNode::Kind::kMap, mark), anchor, false);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapEnd() override { Close(); }

 private:
  struct Open {
    std::shared_ptr<ConfigNode> node;
    YAML::anchor_t anchor = 0;
    bool has_key = false;  // a map's key waits for its value
    std::string key;
    ConfigPosition key_position;
  };

  // yaml-cpp takes a quote that is never closed for one that closes at the end of the file, and so would swallow every
  // key after it.
  bool IsClosed(const YAML::Mark& mark) const {
    const size_t open = text_.find_first_of("\"'", static_cast<size_t>(std::max(mark.pos, 0)));
    if (open == std::string_view::npos) return true;  // ! in front of a plain word
    for (size_t at = open + 1; at < text_.size(); ++at) {
      if (text_[open] == '"' && text_[at] == '\\') {
        ++at;
      } else if (text_[at] == text_[open]) {
        if (text_[open] == '"' || at + 1 >= text_.size() || text_[at + 1] != '\'') return true;
        ++at;
      }
    }
    return false;
  }

  void Count(size_t nodes, ConfigPosition position) {
    nodes_ += nodes;
    if (nodes_ > kMaxConfigNodes) {
      throw Refused{position, "more than " + std::to_string(kMaxConfigNodes) + " values, aliases written out"};
    }
  }

  std::shared_ptr<ConfigNode> NewNode(ConfigNode::Kind kind, const YAML::Mark& mark) {
    Count(1, At(mark));
    auto node = std::make_shared<ConfigNode>();
    node->kind = kind;
    node->position = At(mark);
    return node;
  }

  void Add(std::shared_ptr<ConfigNode> node, YAML::anchor_t anchor, bool closed) {
    if (!closed) {
      if (open_.size() == kMaxConfigDepth) {
        throw Refused{node->position, "nested more than " + std::to_string(kMaxConfigDepth) + " deep"};
      }
      if (ExpectsKey()) throw Refused{node->position, "a key must be a word, not " + std::string(Name(node->kind))};
      open_.push_back({std::move(node), anchor, false, {}, {}});
      return;
    }
    if (anchor != YAML::NullAnchor) anchors_[anchor] = node;
    const ConfigPosition position = node->position;
    Place(std::move(node), position);
  }

  bool ExpectsKey() const {
    return !open_.empty() && open_.back().node->kind == ConfigNode::Kind::kMap && !open_.back().has_key;
  }

  // Puts a finished node where it belongs: a key, a key's value, an item, or the root.
  void Place(std::shared_ptr<const ConfigNode> node, ConfigPosition position) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& parent = open_.back();
    if (parent.node->kind == ConfigNode::Kind::kMap && !parent.has_key) {
      if (node->kind != ConfigNode::Kind::kText) {
        throw Refused{position, "a key must be a word, not " + std::string(Name(node->kind))};
      }
      for (const ConfigNode::Entry& entry : parent.node->entries) {
        if (entry.key != node->text) continue;
        throw Refused{position, "'" + node->text + "' stands here a second time; the first is in line " +
                                    std::to_string(entry.position.line)};
      }
      parent.has_key = true;
      parent.key = node->text;
      parent.key_position = position;
      return;
    }
    parent.node->weight += node->weight;
    if (parent.node->kind == ConfigNode::Kind::kList) {
      parent.node->items.push_back(std::move(node));
      return;
    }
    parent.node->entries.push_back({std::move(parent.key), parent.key_position, std::move(node)});
    parent.has_key = false;
  }

  void Close() {
    Open done = std::move(open_.back());
    open_.pop_back();
    if (done.anchor != YAML::NullAnchor) anchors_[done.anchor] = done.node;
    const ConfigPosition position = done.node->position;
    Place(std::move(done.node), position);
  }

  std::string_view text_;
  std::vector<Open> open_;
  std::map<YAML::anchor_t, std::shared_ptr<const ConfigNode>> anchors_;
  std::shared_ptr<const ConfigNode> root_;
  size_t nodes_ = 0;
  size_t documents_ = 0;
};

}  // namespace

const ConfigNode* ConfigNode::Find(std::string_view key) const {
  for (const Entry& entry : entries) {
    if (entry.key == key) return entry.value.get();
  }
  return nullptr;
}

Status ConfigError(std::string_view file_name, ConfigPosition position, const std::string& what) {
  return Status(StatusCode::kConfig, std::string(file_name) + ":" + std::to_string(position.line) + ":" +
                                         std::to_string(position.column) + ": " + what);
}

Result<std::shared_ptr<const ConfigNode>> ParseConfigTree(std::string_view text, std::string_view file_name) {
  if (text.size() > kMaxConfigBytes) {
    return Status(StatusCode::kConfig, std::string(file_name) + ": larger than " +
                                           std::to_string(kMaxConfigBytes / 1024) + " KiB, which no configuration is");
  }
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  if (text.find('\0') != std::string_view::npos || !simdjson::validate_utf8(text)) {
    return Status(StatusCode::kConfig, std::string(file_name) + ": not a text file in UTF-8");
  }
  Builder builder(text);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Refused& refused) {
    return ConfigError(file_name, refused.position, refused.what);
  } catch (const YAML::Exception& error) {
    return ConfigError(file_name, At(error.mark), "not valid YAML: " + error.msg);
  } catch (const std::exception& error) {
    return Status(StatusCode::kConfig, std::string(file_name) + ": not valid YAML: " + error.what());
  }
  std::shared_ptr<const ConfigNode> root = builder.root();
  if (root == nullptr || root->kind == ConfigNode::Kind::kNull) {
    auto empty = std::make_shared<ConfigNode>();
    empty->kind = ConfigNode::Kind::kMap;
    return std::shared_ptr<const ConfigNode>(std::move(empty));
  }
  return root;
}

}  // namespace whittle
