// The fields to extract, as a trie of keys, and what it has learnt of the order in which producers write them.

#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "leeway_simdjson.h"

namespace leeway {

// Every key met at a node is a *link* to the next one: the trie's own keys, and up to kStrangers others. Each link
// remembers which link followed it last, so a producer that keeps its order costs one comparison a key, and a field
// that comes and goes costs one look-up where it does. All memory is taken in `build`.
class Plan {
 public:
  struct Node {
    uint64_t seen = 0;         // the last message, or row, that had this key
    int32_t first_slot = -1;   // then next_slot[]
    uint32_t first_link = 0;   // stands before the node's first key
    uint32_t first_child = 0;  // by key, index or as each element; then Node::sibling; 0: none, since the root has no parent
    uint32_t sibling = 0;
    uint32_t first_item = 0;   // of `items`, up to last_item: elements that are wanted of an array
    uint32_t last_item = 0;
    int32_t each = -1;         // of `eaches`: every element of an array is wanted, one for each row
    bool has_children = false; // by key
  };

  // The element of an array at an index.
  struct Item {
    uint32_t parent;
    uint32_t index;
    uint32_t node;
  };

  // An array that has an element for each row.
  struct Each {
    uint32_t node;          // of an element
    uint32_t next = 0;      // of the last message: positions on the tape
    uint32_t end = 0;
    uint32_t length = 0;
    bool is_array = false;  // the last message has an array there
  };

  // Another slot of the path that an element in order has.
  struct Copy {
    uint32_t element;
    uint32_t slot;
  };

  std::vector<Node> nodes;
  std::vector<int32_t> next_slot;
  std::vector<Item> items;     // by parent, then index
  std::vector<Each> eaches;    // the rows themselves first
  std::vector<uint32_t> row_slots;  // all that each row has anew
  std::vector<uint32_t> order;  // slots that the elements of a row fill that is an array
  std::vector<Copy> order_copies;
  uint64_t message = 0;

  bool has_rows() const { return !eaches.empty(); }

  void build(
      const char *const *paths, const size_t *lengths, uint32_t count, const char *rows, size_t rows_length,
      const uint32_t *ordered, uint32_t ordered_count) {
    nodes.assign(1, Node());
    next_slot.assign(count, -1);
    links_.assign(1, Link());
    order.assign(ordered, ordered + ordered_count);
    std::vector<Child> children;
    std::vector<uint32_t> leaves(count, 0);
    if (rows != nullptr) each(walk(children, std::string(rows, rows_length)));
    for (uint32_t slot = 0; slot < count; slot++) {
      // An empty path is of nothing that messages have.
      if (lengths[slot] == 0) continue;
      const uint32_t node = walk(children, std::string(paths[slot], lengths[slot]));
      leaves[slot] = node;
      next_slot[slot] = nodes[node].first_slot;
      nodes[node].first_slot = int32_t(slot);
    }
    copy_in_order(leaves);
    std::stable_sort(items.begin(), items.end(), [](const Item &a, const Item &b) {
      return a.parent != b.parent ? a.parent < b.parent : a.index < b.index;
    });
    for (uint32_t item = 0; item < items.size(); item++) {
      Node &parent = nodes[items[item].parent];
      if (parent.first_item == parent.last_item) parent.first_item = item;
      parent.last_item = item + 1;
    }
    for (const Each &each : eaches) collect_slots(each.node);

    size_t key_bytes = 0;
    for (const Child &child : children) key_bytes += child.key.size();
    keys_.reserve(key_bytes + kStrangers * kLongestStranger);
    links_.reserve(1 + nodes.size() + children.size() + kStrangers);
    size_t buckets = 16;
    while (buckets < 2 * (children.size() + kStrangers)) buckets *= 2;
    table_.assign(buckets, 0);
    for (Node &node : nodes) {
      if (!node.has_children) continue;
      node.first_link = uint32_t(links_.size());
      links_.push_back(Link());
    }
    for (const Child &child : children) {
      std::string padded = child.key + std::string(8, '\0');
      const uint8_t *key = reinterpret_cast<const uint8_t *>(padded.data());
      uint32_t length = uint32_t(child.key.size());
      insert(child.parent, key, length, bucket_of(child.parent, key, length), int32_t(child.node));
    }
    strangers_left_ = kStrangers;
  }

  // A key met at a node; `place` is the place of the last one, 0 for none, and becomes this one's.
  struct Link {
    uint64_t head = 0;    // the key's first 8 bytes
    uint64_t mask = 0;    // of the bytes that `head` has
    uint32_t length = 0;
    uint32_t offset = 0;  // into keys_
    uint32_t node = 0;
    uint32_t next = 0;    // the place of the link that followed last; 0 for none
    int32_t child = -1;   // the node that the key leads to
    int32_t slot = -1;    // that node's slot, if it is all that the node has
    bool in_text = false;  // short, and written in JSON text as it is
  };

  // The link of a key in JSON text, known to be closed by a quote, if it is the one that followed last: a comparison, and
  // the key's end need not be looked for. The `kLongestInText` + 8 bytes at `key` must be readable.
  const Link *follower(uint32_t node, const uint8_t *key, uint32_t &place) const {
    const uint32_t expected = links_[place].next;
    const Link &next = links_[expected];
    uint64_t head;
    std::memcpy(&head, key, 8);
    if (!next.in_text || ((head & next.mask) ^ next.head) != 0 || key[next.length] != '"' || next.node != node) {
      return nullptr;
    }
    if (next.length > 8 && std::memcmp(keys_.data() + next.offset, key, next.length) != 0) return nullptr;
    place = expected;
    return &next;
  }

  // The link of any key of a node, unescaped; an unknown one's leads nowhere. The 8 bytes behind it must be readable.
  const Link *look_up(uint32_t node, const uint8_t *key, uint32_t length, uint32_t &place) {
    const uint32_t expected = links_[place].next;
    if (expected != 0 && matches(links_[expected], node, key, length)) {
      place = expected;
      return &links_[expected];
    }
    const size_t start = bucket_of(node, key, length);
    for (size_t bucket = start; table_[bucket] != 0; bucket = (bucket + 1) & (table_.size() - 1)) {
      const uint32_t found = table_[bucket];
      if (!matches(links_[found], node, key, length)) continue;
      links_[place].next = found;
      place = found;
      return &links_[found];
    }
    if (strangers_left_ == 0 || length > kLongestStranger) return &links_[0];
    strangers_left_--;
    const uint32_t added = insert(node, key, length, start, -1);
    links_[place].next = added;
    place = added;
    return &links_[added];
  }

  // Empties the slots under a node.
  void forget(uint32_t node, leeway_value *slots) {
    for (int32_t slot = nodes[node].first_slot; slot >= 0; slot = next_slot[slot]) {
      std::memset(&slots[slot], 0, sizeof(leeway_value));
    }
    if (nodes[node].each >= 0) eaches[nodes[node].each].is_array = false;
    for (uint32_t child = nodes[node].first_child; child != 0; child = nodes[child].sibling) {
      nodes[child].seen = 0;
      forget(child, slots);
    }
  }

  // Before a message: there are no arrays yet.
  void forget_rows() {
    for (Each &each : eaches) each.is_array = false;
  }

 private:
  static constexpr uint32_t kStrangers = 512;
  static constexpr uint32_t kLongestStranger = 64;
  static constexpr uint32_t kLongestInText = 48;

  struct Child {
    uint32_t parent;
    uint32_t node;
    std::string key;
  };

  std::vector<Link> links_;  // links_[0] stands for none
  std::vector<uint8_t> keys_;
  std::vector<uint32_t> table_;  // open addressing; 0 is free
  uint32_t strangers_left_ = 0;

  // Of two elements with the same path the first one counts for others.
  void copy_in_order(const std::vector<uint32_t> &leaves) {
    for (uint32_t slot = 0; slot < leaves.size(); slot++) {
      if (leaves[slot] == 0 || std::find(order.begin(), order.end(), slot) != order.end()) continue;
      for (uint32_t element = 0; element < order.size(); element++) {
        if (leaves[order[element]] != leaves[slot]) continue;
        order_copies.push_back({element, slot});
        break;
      }
    }
  }

  // The node that a path leads to.
  uint32_t walk(std::vector<Child> &children, const std::string &path) {
    uint32_t node = 0;
    for (size_t start = 0; start <= path.size();) {
      size_t end = path.find(LEEWAY_PATH_SEPARATOR, start);
      if (end == std::string::npos) end = path.size();
      const std::string step = path.substr(start, end - start);
      if (!step.empty() && step[0] == LEEWAY_PATH_INDEX) node = item(node, uint32_t(std::stoul(step.substr(1))));
      else if (!step.empty() && step[0] == LEEWAY_PATH_EACH) node = each(node);
      else node = add(children, node, step);
      start = end + 1;
    }
    return node;
  }

  uint32_t add(std::vector<Child> &children, uint32_t parent, const std::string &key) {
    for (const Child &child : children) {
      if (child.parent == parent && child.key == key) return child.node;
    }
    const uint32_t node = add(parent);
    nodes[parent].has_children = true;
    children.push_back({parent, node, key});
    return node;
  }

  uint32_t item(uint32_t parent, uint32_t index) {
    for (const Item &item : items) {
      if (item.parent == parent && item.index == index) return item.node;
    }
    const uint32_t node = add(parent);
    items.push_back({parent, index, node});
    return node;
  }

  uint32_t each(uint32_t parent) {
    if (nodes[parent].each >= 0) return eaches[nodes[parent].each].node;
    const uint32_t node = add(parent);
    nodes[parent].each = int32_t(eaches.size());
    Each each;
    each.node = node;
    eaches.push_back(each);
    return node;
  }

  uint32_t add(uint32_t parent) {
    const uint32_t node = uint32_t(nodes.size());
    nodes.push_back(Node());
    nodes[node].sibling = nodes[parent].first_child;
    nodes[parent].first_child = node;
    return node;
  }

  void collect_slots(uint32_t node) {
    for (int32_t slot = nodes[node].first_slot; slot >= 0; slot = next_slot[slot]) row_slots.push_back(uint32_t(slot));
    for (uint32_t child = nodes[node].first_child; child != 0; child = nodes[child].sibling) collect_slots(child);
  }

  static uint64_t head_of(const uint8_t *key, uint32_t length) {
    uint64_t head;
    std::memcpy(&head, key, 8);
    return head & mask_of(length);
  }

  // For a key's first bytes in a word, on a little-endian machine as simdjson's own kernels assume.
  static uint64_t mask_of(uint32_t length) {
    return length >= 8 ? ~uint64_t(0) : (uint64_t(1) << (8 * length)) - 1;
  }

  bool matches(const Link &link, uint32_t node, const uint8_t *key, uint32_t length) const {
    return link.length == length && link.node == node && link.head == head_of(key, length) &&
           (length <= 8 || std::memcmp(keys_.data() + link.offset, key, length) == 0);
  }

  size_t bucket_of(uint32_t node, const uint8_t *key, uint32_t length) const {
    uint64_t hash = head_of(key, length) ^ (uint64_t(length) << 32 ^ node) * 0x9E3779B97F4A7C15ull;
    if (length > 8) {
      uint64_t tail;
      std::memcpy(&tail, key + length - 8, 8);
      hash = (hash ^ hash >> 29) * 0xBF58476D1CE4E5B9ull ^ tail;
    }
    hash = (hash ^ hash >> 32) * 0x94D049BB133111EBull;
    return size_t(hash >> 32) & (table_.size() - 1);
  }

  uint32_t insert(uint32_t node, const uint8_t *key, uint32_t length, size_t bucket, int32_t child) {
    while (table_[bucket] != 0) bucket = (bucket + 1) & (table_.size() - 1);
    Link link;
    link.head = head_of(key, length);
    link.length = length;
    link.offset = uint32_t(keys_.size());
    link.node = node;
    link.child = child;
    if (child >= 0 && !nodes[child].has_children && nodes[child].first_slot >= 0 &&
        next_slot[nodes[child].first_slot] < 0) {
      link.slot = nodes[child].first_slot;
    }
    link.mask = mask_of(length);
    link.in_text = length <= kLongestInText && !std::memchr(key, '"', length) && !std::memchr(key, '\\', length);
    keys_.insert(keys_.end(), key, key + length);
    links_.push_back(link);
    return table_[bucket] = uint32_t(links_.size() - 1);
  }
};

}  // namespace leeway
