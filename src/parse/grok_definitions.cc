// The definitions grok users know (Logstash "legacy" and "ecs-v1" share these names), in a form that needs no look-
// around: every pattern here is anchored, so what stands beside a match is said by the expression around it.
#include "parse/grok.h"

namespace whittle {

const GrokDefinitionText kStandardGrokDefinitions[] = {
    // Words and numbers.
    {"USERNAME", R"([a-zA-Z0-9._-]+)"},
    {"USER", R"(%{USERNAME})"},
    {"EMAILLOCALPART", R"([a-zA-Z0-9!#$%&'*+\-/=?^_`{|}~.]{1,64})"},
    {"EMAILADDRESS", R"(%{EMAILLOCALPART}@%{HOSTNAME})"},
    {"INT", R"([+-]?[0-9]+)"},
    {"BASE10NUM", R"([+-]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+))"},
    {"NUMBER", R"(%{BASE10NUM})"},
    {"BASE16NUM", R"([+-]?(?:0x)?[0-9A-Fa-f]+)"},
    {"BASE16FLOAT", R"([+-]?(?:0x)?(?:[0-9A-Fa-f]+(?:\.[0-9A-Fa-f]*)?|\.[0-9A-Fa-f]+))"},
    {"POSINT", R"([1-9][0-9]*)"},
    {"NONNEGINT", R"([0-9]+)"},
    {"WORD", R"(\w+)"},
    {"NOTSPACE", R"(\S+)"},
    {"SPACE", R"(\s*)"},
    {"DATA", R"(.*?)"},
    {"GREEDYDATA", R"(.*)"},
    {"QUOTEDSTRING", R"((?:"(?:[^\\"]|\\.)*"|'(?:[^\\']|\\.)*'|`(?:[^\\`]|\\.)*`))"},
    {"QS", R"(%{QUOTEDSTRING})"},
    {"UUID", R"([A-Fa-f0-9]{8}-(?:[A-Fa-f0-9]{4}-){3}[A-Fa-f0-9]{12})"},
    {"URN", R"(urn:[0-9A-Za-z][0-9A-Za-z-]{0,31}:[0-9a-zA-Z()+,.:=@;$_!*'/?#%-]+)"},
    // Networking.
    {"MAC", R"(%{CISCOMAC}|%{WINDOWSMAC}|%{COMMONMAC})"},
    {"CISCOMAC", R"((?:[A-Fa-f0-9]{4}\.){2}[A-Fa-f0-9]{4})"},
    {"WINDOWSMAC", R"((?:[A-Fa-f0-9]{2}-){5}[A-Fa-f0-9]{2})"},
    {"COMMONMAC", R"((?:[A-Fa-f0-9]{2}:){5}[A-Fa-f0-9]{2})"},
    {"IPV6", R"((?:[0-9A-Fa-f]{0,4}:){2,7}(?:%{IPV4}|[0-9A-Fa-f]{0,4})(?:%[0-9A-Za-z]+)?)"},
    {"IPV4", R"((?:(?:25[0-5]|2[0-4][0-9]|[01]?[0-9]{1,2})\.){3}(?:25[0-5]|2[0-4][0-9]|[01]?[0-9]{1,2}))"},
    {"IP", R"(%{IPV6}|%{IPV4})"},
    {"HOSTNAME", R"([0-9A-Za-z][0-9A-Za-z_-]{0,62}(?:\.[0-9A-Za-z][0-9A-Za-z_-]{0,62})*\.?)"},
    {"HOST", R"(%{HOSTNAME})"},
    {"IPORHOST", R"(%{IP}|%{HOSTNAME})"},
    {"HOSTPORT", R"((?:%{IPORHOST}):%{POSINT})"},
    // Paths and addresses of things.
    {"PATH", R"(%{UNIXPATH}|%{WINPATH})"},
    {"UNIXPATH", R"(/[^\s"]*)"},
    {"TTY", R"(/dev/(?:pts/[0-9]+|tty[A-Za-z]*[0-9]*))"},
    {"WINPATH", R"((?:[A-Za-z]:|\\)\\[^\s"*?<>|]*)"},
    {"URIPROTO", R"([A-Za-z][A-Za-z0-9+.-]*)"},
    {"URIHOST", R"((?:%{IPORHOST})(?::%{POSINT})?)"},
    {"URIPATH", R"(/[^\s?"]*)"},
    {"URIQUERY", R"([^\s"]*)"},
    {"URIPARAM", R"(\?[^\s"]*)"},
    {"URIPATHPARAM", R"(%{URIPATH}(?:\?%{URIQUERY})?)"},
    {"URI", R"(%{URIPROTO}://(?:[^\s/@"]+@)?(?:%{URIHOST})?(?:%{URIPATH}(?:\?%{URIQUERY})?)?)"},
    // Times. Use the type `timestamp` to have the text read as one.
    {"MONTH", R"((?:[Jj]an(?:uary)?|[Ff]eb(?:ruary)?|[Mm]ar(?:ch)?|[Aa]pr(?:il)?|[Mm]ay|[Jj]une?|[Jj]uly?|)"
              R"([Aa]ug(?:ust)?|[Ss]ep(?:tember)?|[Oo]ct(?:ober)?|[Nn]ov(?:ember)?|[Dd]ec(?:ember)?))"},
    {"MONTHNUM", R"((?:0?[1-9]|1[0-2]))"},
    {"MONTHNUM2", R"((?:0[1-9]|1[0-2]))"},
    {"MONTHDAY", R"((?:0[1-9]|[12][0-9]|3[01]|[1-9]))"},
    {"DAY", R"((?:Mon(?:day)?|Tue(?:sday)?|Wed(?:nesday)?|Thu(?:rsday)?|Fri(?:day)?|Sat(?:urday)?|Sun(?:day)?))"},
    {"YEAR", R"((?:\d\d){1,2})"},
    {"HOUR", R"((?:2[0123]|[01]?[0-9]))"},
    {"MINUTE", R"([0-5][0-9])"},
    {"SECOND", R"((?:[0-5]?[0-9]|60)(?:[:.,][0-9]+)?)"},
    {"TIME", R"(%{HOUR}:%{MINUTE}(?::%{SECOND}))"},
    {"HAPROXYTIME", R"(%{HOUR:haproxy_hour}:%{MINUTE:haproxy_minute}(?::%{SECOND:haproxy_second}))"},
    {"DATE_US", R"(%{MONTHNUM}[/-]%{MONTHDAY}[/-]%{YEAR})"},
    {"DATE_EU", R"(%{MONTHDAY}[./-]%{MONTHNUM}[./-]%{YEAR})"},
    {"ISO8601_TIMEZONE", R"((?:Z|[+-]%{HOUR}(?::?%{MINUTE})))"},
    {"ISO8601_SECOND", R"(%{SECOND})"},
    {"ISO8601_HOUR", R"((?:2[0123]|[01][0-9]))"},
    {"TIMESTAMP_ISO8601",
     R"(%{YEAR}-%{MONTHNUM}-%{MONTHDAY}[T ]%{HOUR}:?%{MINUTE}(?::?%{SECOND})?%{ISO8601_TIMEZONE}?)"},
    {"DATE", R"(%{DATE_US}|%{DATE_EU})"},
    {"DATESTAMP", R"((?:%{DATE})[- ]%{TIME})"},
    {"TZ", R"((?:[APMCE][SD]T|UTC))"},
    {"DATESTAMP_RFC822", R"(%{DAY} %{MONTH} %{MONTHDAY} %{YEAR} %{TIME} %{TZ})"},
    {"DATESTAMP_RFC2822", R"(%{DAY}, %{MONTHDAY} %{MONTH} %{YEAR} %{TIME} %{ISO8601_TIMEZONE})"},
    {"DATESTAMP_OTHER", R"(%{DAY} %{MONTH} %{MONTHDAY} %{TIME} %{TZ} %{YEAR})"},
    {"DATESTAMP_EVENTLOG", R"(%{YEAR}%{MONTHNUM2}%{MONTHDAY}%{HOUR}%{MINUTE}%{SECOND})"},
    {"HTTPDERROR_DATE", R"(%{DAY} %{MONTH} %{MONTHDAY} %{TIME} %{YEAR})"},
    {"HTTPDATE", R"(%{MONTHDAY}/%{MONTH}/%{YEAR}:%{TIME} %{INT})"},
    {"CATALINA_DATESTAMP", R"(%{MONTH} %{MONTHDAY}, %{YEAR} %{HOUR}:%{MINUTE}:%{SECOND} (?:AM|PM))"},
    {"TOMCAT_DATESTAMP", R"(%{YEAR}-%{MONTHNUM}-%{MONTHDAY} %{HOUR}:%{MINUTE}:%{SECOND} %{ISO8601_TIMEZONE})"},
    {"SYSLOGTIMESTAMP", R"(%{MONTH} +%{MONTHDAY} %{TIME})"},
    {"SYSLOGTIMESTAMP8601", R"(%{TIMESTAMP_ISO8601})"},
    // Syslog.
    {"PROG", R"([\x21-\x5a\x5c\x5e-\x7e]+)"},
    {"SYSLOGPROG", R"(%{PROG:process.name}(?:\[%{POSINT:process.pid:int}\])?)"},
    {"SYSLOGHOST", R"(%{IPORHOST})"},
    {"SYSLOGFACILITY", R"(<%{NONNEGINT:log.syslog.facility.code:int}\.%{NONNEGINT:log.syslog.priority:int}>)"},
    {"SYSLOGBASE", R"(%{SYSLOGTIMESTAMP:timestamp:timestamp} (?:%{SYSLOGFACILITY} )?%{SYSLOGHOST:host.name} %{SY)"
                   R"(SLOGPROG}:)"},
    // Servers and languages.
    {"HTTPDUSER", R"((?:%{EMAILADDRESS}|%{USER}))"},
    {"LOGLEVEL", R"((?i:alert|trace|debug|notice|info?(?:rmation)?|warn?(?:ing)?|err?(?:or)?|crit?(?:ical)?|fata)"
                 R"(l|severe|)"
                 R"(emerg(?:ency)?))"},
    {"JAVACLASS", R"((?:[a-zA-Z$_][a-zA-Z$_0-9]*\.)*[a-zA-Z$_][a-zA-Z$_0-9]*)"},
    {"JAVAFILE", R"([a-zA-Z$_0-9. -]+)"},
    {"JAVAMETHOD", R"((?:<(?:cl)?init>|[a-zA-Z$_][a-zA-Z$_0-9]*))"},
    {"JAVASTACKTRACEPART",
     R"(\s+at %{JAVACLASS:code.namespace}\.%{JAVAMETHOD:code.function.name}\(%{JAVAFILE:code.file.path}(?::%{INT)"
     R"(:code.line.number:int})?\))"},
    {"JAVATHREAD", R"((?:[A-Z]{2}-Processor[\d]+))"},
    // Ours: pieces that most patterns of the library need.
    {"TOKEN", R"([^\s"]+)"},                // a field between spaces
    {"QUOTED_TEXT", R"((?:[^"\\]|\\.)*)"},  // the inside of "..."
    {"HTTP_METHOD", R"([A-Z][A-Z_-]{1,31})"},
    {"HTTP_STATUS", R"([1-5][0-9][0-9])"},
    // The request between quotes in an access log: a well-formed one in parts, "-" when there was none, else as it is.
    {"HTTP_REQUEST",
     R"((?:-|%{HTTP_METHOD:http.request.method} (?:%{URIPATH:url.path}(?:\?%{URIQUERY:url.query})?|)"
     R"(%{HTTP_TARGET:url.original})(?: HTTP[/ ]%{HTTP_VERSION:network.protocol.version})?|%{HTTP_GARBAGE:http.r)"
     R"(equest.line}))"},
    {"HTTP_TARGET", R"([^\s"/][^\s"]*)"},
    {"HTTP_VERSION", R"([0-9](?:\.[0-9])?)"},
    {"HTTP_GARBAGE", R"((?:[^"\\]|\\.)*)"},
    {"REFERER_QUOTED", R"g("(?:-|%{QUOTED_TEXT:http.request.header.referer})")g"},
    {"USER_AGENT_QUOTED", R"g("(?:-|%{QUOTED_TEXT:user_agent.original})")g"},
    {"BODY_SIZE", R"((?:-|%{NONNEGINT:http.response.body.size:int}))"},
    {"USER_OR_DASH", R"((?:-|%{NOTSPACE:user.name}))"},
    {"HTTPDATE_ANY", R"([0-9]{1,2}/[A-Z][a-z]{2}/[0-9]{4}:[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{3,6})?(?: [+-][0-)"
                     R"(9]{4})?)"},
    {"ISO_TIME", R"([0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]{1,9})?(?: ?(?:Z|[+-][0-)"
                 R"(9]{2}:?[0-9]{2}))?)"},
    {"CLOCK", R"([0-9]{2}:[0-9]{2}:[0-9]{2}(?:[.,][0-9]{1,9})?)"},
    {nullptr, nullptr},
};

}  // namespace whittle
