// Secrets that a configuration names and does not hold. Safe from any thread; no message has one in it.
#pragma once

#include <string>
#include <string_view>

#include <whittle/status.h>

#include "env/env.h"

namespace whittle {

// What file or environment variable holds a secret; one of the two is empty.
struct SecretPlace {
  std::string file;
  std::string variable;
  std::string_view variable_key;  // the key of the configuration that names the variable
  std::string_view what;          // "password"
};

// Its text, without line ends behind it. kConfig when there is none, kIo when the file cannot be read.
Result<std::string> ReadSecret(const Env* env, const SecretPlace& place);

}  // namespace whittle
