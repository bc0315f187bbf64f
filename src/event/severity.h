// Severity: level words as programs write them, mapped to OpenTelemetry severity numbers. Pure functions.
#pragma once

#include <string_view>

namespace whittle {

// OpenTelemetry SeverityNumber: 1 TRACE, 5 DEBUG, 9 INFO, 13 WARN, 17 ERROR, 21 FATAL; steps between are finer grades.
// 0 when `text` is no level. Case does not matter. Numbers are not levels here: see SyslogSeverityNumber,
// BunyanSeverityNumber.
int SeverityNumber(std::string_view text);

// Single letters as Android, glog and Redis-like programs use them: V D I W E F C N S T. 0 when it is none.
int SeverityNumberOfLetter(char letter);

// The low three bits of a syslog priority: 0 emergency .. 7 debug.
int SyslogSeverityNumber(int severity);

// bunyan and pino: 10 trace, 20 debug, 30 info, 40 warn, 50 error, 60 fatal. 0 for anything else.
int BunyanSeverityNumber(int level);

// The short name of a number: "TRACE".."FATAL", "" for 0 and numbers out of range.
std::string_view SeverityName(int number);

// The number of the text of a severity field as a whole: words, letters, "<134>" and "134" of a syslog header when
// `syslog_priority`, else bunyan numbers.
int SeverityNumberOfField(std::string_view text, bool syslog_priority);

}  // namespace whittle
