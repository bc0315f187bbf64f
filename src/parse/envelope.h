// Envelopes: what a transport wrapped around a record. Docker's json-file, CRI (containerd, CRI-O), syslog priorities
// and RFC 5424, journald as JSON and as export format. A syslog header without priority (RFC 3164) is read by
// parse/header, because it may follow other columns. Pure functions of the text.
#pragma once

#include <string_view>

#include "event/shape.h"
#include "parse/json_body.h"

namespace whittle {

// Adds the envelope's fields to `analysis` (offsets into `text`), sets its name, and says where the program's own text
// stands. A transport's time gets role kObservedTimestamp. False, with nothing added, when there is no envelope.
bool ParseEnvelope(std::string_view text, LineAnalysis* analysis, MessageRange* inner);

// One parser per format, for ParseEnvelope and tests.
bool ParseDockerJson(std::string_view text, const std::vector<JsonMember>& members, LineAnalysis* analysis,
                     MessageRange* inner);
bool ParseJournaldJson(std::string_view text, const std::vector<JsonMember>& members, LineAnalysis* analysis,
                       MessageRange* inner);
bool ParseJournaldExport(std::string_view text, LineAnalysis* analysis, MessageRange* inner);
bool ParseCri(std::string_view text, LineAnalysis* analysis, MessageRange* inner);
bool ParseSyslogPriority(std::string_view text, LineAnalysis* analysis, MessageRange* inner);

}  // namespace whittle
