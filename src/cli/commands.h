// The commands: thin functions over the layers below, one per row of the flag table. Each gets flags that are already
// checked and writes results to streams.out and messages for people to streams.err. They return the exit code:
// 0 fine, 1 a problem in the data, 2 wrong usage or configuration.
#pragma once

#include "cli/flag_parser.h"
#include "cli/streams.h"

namespace whittle {

int RunConvert(const ParsedFlags& flags, Streams& streams);
int RunIngest(const ParsedFlags& flags, Streams& streams);
int RunRun(const ParsedFlags& flags, Streams& streams);
int RunCat(const ParsedFlags& flags, Streams& streams);
int RunTemplates(const ParsedFlags& flags, Streams& streams);
int RunTemplatesReview(const ParsedFlags& flags, Streams& streams);
int RunTemplatesDiff(const ParsedFlags& flags, Streams& streams);
int RunTemplatesName(const ParsedFlags& flags, Streams& streams);
int RunTemplatesMerge(const ParsedFlags& flags, Streams& streams);
int RunTemplatesSplit(const ParsedFlags& flags, Streams& streams);
int RunTemplatesIgnore(const ParsedFlags& flags, Streams& streams);
int RunTemplatesFreeze(const ParsedFlags& flags, Streams& streams);
int RunQuery(const ParsedFlags& flags, Streams& streams);
int RunDiff(const ParsedFlags& flags, Streams& streams);
int RunMark(const ParsedFlags& flags, Streams& streams);
int RunMerge(const ParsedFlags& flags, Streams& streams);
int RunStats(const ParsedFlags& flags, Streams& streams);
int RunVerify(const ParsedFlags& flags, Streams& streams);
int RunExplain(const ParsedFlags& flags, Streams& streams);
int RunPlan(const ParsedFlags& flags, Streams& streams);
int RunReport(const ParsedFlags& flags, Streams& streams);
int RunThin(const ParsedFlags& flags, Streams& streams);
int RunCompact(const ParsedFlags& flags, Streams& streams);
int RunRetain(const ParsedFlags& flags, Streams& streams);
int RunRestore(const ParsedFlags& flags, Streams& streams);
int RunQuarantineList(const ParsedFlags& flags, Streams& streams);
int RunQuarantineShow(const ParsedFlags& flags, Streams& streams);
int RunQuarantineReplay(const ParsedFlags& flags, Streams& streams);
int RunQuarantineDrop(const ParsedFlags& flags, Streams& streams);
int RunPatternsList(const ParsedFlags& flags, Streams& streams);
int RunPatternsTest(const ParsedFlags& flags, Streams& streams);
int RunConfigCheck(const ParsedFlags& flags, Streams& streams);
int RunConfigExample(const ParsedFlags& flags, Streams& streams);
int RunTop(const ParsedFlags& flags, Streams& streams);
int RunConfigSchema(const ParsedFlags& flags, Streams& streams);
int RunVersion(const ParsedFlags& flags, Streams& streams);

}  // namespace whittle
