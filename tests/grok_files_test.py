"""Grok files as Logstash users have them, in legacy and ECS naming: they load, their names work, and what needs a
backtracking engine is left out and named."""

import whittle_cli
from whittle_cli import CliTest, whittle

LEGACY = r"""# Legacy names
HTTPDUSER %{EMAILADDRESS}|%{USER}
HTTPD_COMMONLOG %{IPORHOST:clientip} %{HTTPDUSER:ident} %{HTTPDUSER:auth} \[%{HTTPDATE:timestamp}\] "(?:%{WORD:verb} %{NOTSPACE:request}(?: HTTP/%{NUMBER:httpversion})?|%{DATA:rawrequest})" (?:-|%{NUMBER:response}) (?:-|%{NUMBER:bytes})
HTTPD_COMBINEDLOG %{HTTPD_COMMONLOG} %{QS:referrer} %{QS:agent}
COMMONAPACHELOG %{HTTPD_COMMONLOG}
COMBINEDAPACHELOG %{HTTPD_COMBINEDLOG}
"""

ECS = r"""NUMBER (?:%{BASE10NUM})
BASE10NUM (?<![0-9.+-])(?>[+-]?(?:(?:[0-9]+(?:\.[0-9]+)?)|(?:\.[0-9]+)))
ECS_SYSLOG %{SYSLOGTIMESTAMP:timestamp} (?:%{SYSLOGFACILITY} )?%{SYSLOGHOST:[host][hostname]} %{PROG:[process][name]}(?:\[%{POSINT:[process][pid]:int}\])?: %{GREEDYDATA:message}
ECS_ACCESS %{IPORHOST:[source][address]} (?:-|%{HTTPDUSER:[apache][access][user][identity]}) \[%{HTTPDATE:timestamp}\] %{NUMBER:[http][response][status_code]:int}
ECS_REDIS (?<redis_ts>%{MONTHDAY} %{MONTH} %{TIME}) \* %{GREEDYDATA:msg}
JAVA_LINE %{TIMESTAMP_ISO8601:timestamp} %{LOGLEVEL:[log][level]}\s+\[%{JAVATHREAD:[process][thread][name]}\]\s+%{JAVACLASS:[java][log][origin][class][name]} - %{JAVALOGMESSAGE:message}
JAVALOGMESSAGE (?:.*)
BACULA_TIMESTAMP %{MONTHDAY}-%{MONTH}(?:-%{YEAR})? %{HOUR}:%{MINUTE}
SMTP_LOOK (?!a)b
NAGIOSTIME \[%{NUMBER:nagios_epoch}\]
NAGIOS_HOST %{NAGIOSTIME} CURRENT HOST STATE: %{DATA:nagios_hostname};%{DATA:nagios_state};%{GREEDYDATA:nagios_message}
RUBY_LOGGER [DFEWI], \[%{TIMESTAMP_ISO8601:timestamp} #%{POSINT:pid}\] *(?:DEBUG|FATAL|ERROR|WARN|INFO) -- +%{DATA:progname}: %{GREEDYDATA:message}
S3_LINE %{WORD:owner} %{NOTSPACE:bucket} \[%{HTTPDATE:timestamp}\] %{IP:clientip} (?:"%{DATA:request}"|-) (?:%{INT:response:int}|-)
HAPROXYTIME (?!<[0-9])%{HOUR:haproxy_hour}:%{MINUTE:haproxy_minute}(?::%{SECOND:haproxy_second})(?![0-9])
"""

PATTERN = r"""name: own.apache
title: Through legacy grok names
priority: 90
expressions: ['@@ %{COMBINEDAPACHELOG}', '@@ %{ECS_ACCESS}']
samples:
  - text: '@@ 192.0.2.1 - anna [06/Mar/2024:09:14:02 +0100] "GET /a HTTP/1.1" 200 17 "-" "curl/8"'
    fields: {clientip: 192.0.2.1, ident: '-', auth: anna, timestamp: '06/Mar/2024:09:14:02 +0100', verb: GET, request: /a, httpversion: '1.1', response: '200', bytes: '17', referrer: '"-"', agent: '"curl/8"'}
  - text: '@@ shop.example - [06/Mar/2024:09:14:02 +0100] 404'
    fields: {source.address: shop.example, timestamp: '06/Mar/2024:09:14:02 +0100', http.response.status_code: '404'}
reject: ['@@ x']
"""


class GrokFilesTest(CliTest):
    def test_grok_files_load_where_they_can_be_expressed(self):
        folder = self.write("own/httpd", LEGACY.encode()).parent
        self.write("own/ecs.grok", ECS.encode())
        self.write("own/use.yaml", PATTERN.encode())
        run = whittle("patterns", "test", folder)
        self.assertEqual(0, run.code, run)
        self.assertIn(" 0 failed", run.text)
        refused = [line for line in run.err_text.splitlines() if line]
        self.assertEqual(1, len(refused), run)
        self.assertRegex(refused[0], r"ecs.grok:9: SMTP_LOOK: lookahead needs a backtracking engine")


if __name__ == "__main__":
    whittle_cli.main()
