// "Did you mean": the candidate nearest to a misspelt name. Pure functions.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace whittle {

// The candidate with the least edit distance (insert, delete, replace, swap of neighbours) if it is near enough to be
// what was meant (a third of the length, at least 1); empty otherwise. Case is ignored; ties go to the first.
// Names longer than 64 bytes are not compared.
std::string_view NearestName(std::string_view name, const std::vector<std::string_view>& candidates);

// "; did you mean \"x\"?" or nothing.
std::string DidYouMean(std::string_view name, const std::vector<std::string_view>& candidates);

}  // namespace whittle
