# whittle_late_library(name PREFIX FUNCTIONS regex): the target whittle_late_<name> stands for a shared library that
# pkg-config found as PREFIX, of which a program finds the functions when LoadLate (src/env/late_library.h) is called and
# not when it starts. Each function that the library exports and whose name, as the linker has it, matches the regex gets
# one of the same name here that jumps to it, so code that calls it needs no change. Variables cannot be had in this way,
# typeinfo among them; whoever uses one gets an error of the linker.
#
# WHITTLE_LATE_LIBRARIES (a global property) lists the files, for packages that have to name what they need.
#
# The library is linked as usual, and LoadLate has nothing to do, where the processor is none that this knows, where the
# dynamic linker would not find the library by its name, and with sanitizers, which look at typeinfo.
function(whittle_late_library name prefix)
  cmake_parse_arguments(LATE "" "FUNCTIONS" "" ${ARGN})
  set(functions "")
  list(GET ${prefix}_LINK_LIBRARIES 0 library)
  get_filename_component(folder ${library} DIRECTORY)
  if(CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64" AND library MATCHES "\\.so$" AND NOT WHITTLE_SANITIZE
     AND folder IN_LIST CMAKE_CXX_IMPLICIT_LINK_DIRECTORIES)
    set(plainly ${CMAKE_COMMAND} -E env LC_ALL=C)
    execute_process(COMMAND ${plainly} ${CMAKE_READELF} -d ${library} OUTPUT_VARIABLE dynamic
                    COMMAND_ERROR_IS_FATAL ANY)
    execute_process(COMMAND ${plainly} ${CMAKE_NM} -D --defined-only ${library} OUTPUT_VARIABLE symbols
                    COMMAND_ERROR_IS_FATAL ANY)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${library})
    string(REGEX MATCH "soname: \\[([^]]+)\\]" found "${dynamic}")
    set(soname ${CMAKE_MATCH_1})
    string(REGEX MATCHALL " T [A-Za-z0-9_]+" functions "${symbols}")
    list(TRANSFORM functions REPLACE " T " "")
    list(FILTER functions INCLUDE REGEX ${LATE_FUNCTIONS})
    if(NOT soname OR NOT functions)
      message(FATAL_ERROR "${library}: no name or no functions in what ${CMAKE_READELF} and ${CMAKE_NM} say of it")
    endif()
    set_property(GLOBAL APPEND PROPERTY WHITTLE_LATE_LIBRARIES ${folder}/${soname})
  endif()
  list(LENGTH functions count)

  set(jumps "")
  set(names "")
  set(slot 0)
  foreach(function IN LISTS functions)
    string(APPEND jumps "\t.globl ${function}\n\t.hidden ${function}\n\t.type ${function}, @function\n"
           "${function}:\n\tjmp *slots+${slot}(%rip)\n\t.size ${function}, .-${function}\n")
    string(APPEND names "\t.asciz \"${function}\"\n")
    math(EXPR slot "${slot} + 8")
  endforeach()
  set(stubs ${CMAKE_CURRENT_BINARY_DIR}/late_${name}.S)
  file(CONFIGURE OUTPUT ${stubs} @ONLY CONTENT "# Made by cmake/WhittleLateLibrary.cmake from ${library}.
\t.text
${jumps}
\t.section .rodata
file:\t.asciz \"${soname}\"
names:
${names}
\t.bss
\t.balign 8
slots:\t.skip ${slot} + 8
\t.section .data.rel.ro, \"aw\"
\t.balign 8
\t.globl whittle_late_${name}
whittle_late_${name}:
\t.quad file, names, slots, ${count}
\t.section .note.GNU-stack, \"\", @progbits
")
  add_library(whittle_late_${name} STATIC ${stubs})
  target_include_directories(whittle_late_${name} SYSTEM PUBLIC ${${prefix}_INCLUDE_DIRS})
  target_compile_options(whittle_late_${name} PUBLIC ${${prefix}_CFLAGS_OTHER})
  if(count EQUAL 0)
    target_link_libraries(whittle_late_${name} PUBLIC PkgConfig::${prefix})
  endif()
endfunction()
