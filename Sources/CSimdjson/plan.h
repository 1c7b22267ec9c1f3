// The fields to extract, as a trie of keys, and what it has learnt of the order in which producers write them.

#pragma once

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
    uint64_t seen = 0;         // the last message that had this key
    int32_t first_slot = -1;   // then next_slot[]
    uint32_t first_link = 0;   // stands before the node's first key
    uint32_t first_child = 0;  // then Node::sibling; 0 for none, since the root is nobody's child
    uint32_t sibling = 0;
    bool has_children = false;
  };

  std::vector<Node> nodes;
  std::vector<int32_t> next_slot;
  uint64_t message = 0;

  void build(const char *const *paths, const size_t *lengths, uint32_t count) {
    nodes.assign(1, Node());
    next_slot.assign(count, -1);
    links_.assign(1, Link());
    std::vector<Child> children;
    for (uint32_t slot = 0; slot < count; slot++) {
      uint32_t node = 0;
      std::string path(paths[slot], lengths[slot]);
      for (size_t start = 0; start <= path.size();) {
        size_t dot = path.find('.', start);
        if (dot == std::string::npos) dot = path.size();
        node = add(children, node, path.substr(start, dot - start));
        start = dot + 1;
      }
      next_slot[slot] = nodes[node].first_slot;
      nodes[node].first_slot = int32_t(slot);
    }

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

  // The node for a key of `node`, or -1. `link` is the link of the key before it, and becomes this key's. The 8 bytes
  // after the key must be readable.
  int32_t child(uint32_t node, const uint8_t *key, uint32_t length, uint32_t &link) {
    uint32_t expected = links_[link].next;
    if (expected != 0 && matches(links_[expected], node, key, length)) {
      link = expected;
      return links_[expected].child;
    }
    return look_up(node, key, length, link);
  }

  // Empties the slots under a node.
  void forget(uint32_t node, leeway_value *slots) {
    for (int32_t slot = nodes[node].first_slot; slot >= 0; slot = next_slot[slot]) {
      std::memset(&slots[slot], 0, sizeof(leeway_value));
    }
    for (uint32_t child = nodes[node].first_child; child != 0; child = nodes[child].sibling) {
      if (nodes[child].seen != message) continue;
      nodes[child].seen = 0;
      forget(child, slots);
    }
  }

 private:
  static constexpr uint32_t kStrangers = 512;
  static constexpr uint32_t kLongestStranger = 64;

  struct Link {
    uint64_t head = 0;   // the key's first 8 bytes
    uint32_t length = 0;
    uint32_t offset = 0;  // into keys_
    uint32_t node = 0;
    uint32_t next = 0;   // the link that followed last; 0 for none
    int32_t child = -1;
  };

  struct Child {
    uint32_t parent;
    uint32_t node;
    std::string key;
  };

  std::vector<Link> links_;  // links_[0] stands for none
  std::vector<uint8_t> keys_;
  std::vector<uint32_t> table_;  // open addressing; 0 is free
  uint32_t strangers_left_ = 0;

  uint32_t add(std::vector<Child> &children, uint32_t parent, const std::string &key) {
    for (const Child &child : children) {
      if (child.parent == parent && child.key == key) return child.node;
    }
    uint32_t node = uint32_t(nodes.size());
    nodes.push_back(Node());
    nodes[node].sibling = nodes[parent].first_child;
    nodes[parent].first_child = node;
    nodes[parent].has_children = true;
    children.push_back({parent, node, key});
    return node;
  }

  static uint64_t head_of(const uint8_t *key, uint32_t length) {
    uint64_t head;
    std::memcpy(&head, key, 8);
    return length >= 8 ? head : head & ((uint64_t(1) << (8 * length)) - 1);
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
    keys_.insert(keys_.end(), key, key + length);
    links_.push_back(link);
    return table_[bucket] = uint32_t(links_.size() - 1);
  }

  int32_t look_up(uint32_t node, const uint8_t *key, uint32_t length, uint32_t &link) {
    size_t bucket = bucket_of(node, key, length);
    size_t start = bucket;
    for (; table_[bucket] != 0; bucket = (bucket + 1) & (table_.size() - 1)) {
      uint32_t found = table_[bucket];
      if (!matches(links_[found], node, key, length)) continue;
      links_[link].next = found;
      link = found;
      return links_[found].child;
    }
    if (strangers_left_ > 0 && length <= kLongestStranger) {
      strangers_left_--;
      uint32_t added = insert(node, key, length, start, -1);
      links_[link].next = added;
      link = added;
    }
    return -1;
  }
};

}  // namespace leeway
