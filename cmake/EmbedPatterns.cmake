# Writes the pattern library into a C++ source, so that the program finds its patterns wherever it is installed.
#   cmake -DOUTPUT=patterns.cc -DFOLDER=patterns -P EmbedPatterns.cmake
file(GLOB files ${FOLDER}/*.yaml)
list(SORT files)
set(text "// Generated from patterns/*.yaml by cmake/EmbedPatterns.cmake.\n#include \"parse/builtin_patterns.h\"\n\n")
string(APPEND text "namespace whittle {\nconst BuiltinPatternFile kBuiltinPatternFiles[] = {\n")
foreach(file ${files})
  get_filename_component(name ${file} NAME)
  file(READ ${file} content)
  string(APPEND text "    {\"patterns/${name}\", R\"~whittle~(${content})~whittle~\"},\n")
endforeach()
string(APPEND text "    {nullptr, nullptr},\n};\n}  // namespace whittle\n")
file(WRITE ${OUTPUT} "${text}")
