# whittle_late_library(name PREFIX): the target whittle_late_<name> stands for a shared library that pkg-config found as
# PREFIX, of which a program finds the functions when LoadLate (src/env/late_library.h) is called and not when it starts.
# Each function that the library exports gets one of the same name here that jumps to it, so code that calls it needs no
# change. Variables cannot be had in this way; whoever uses one gets an error of the linker.
# WHITTLE_LATE_LIBRARIES (a global property) lists the files, for packages that have to name what they need.
# Where the processor is none that this knows, the library is linked as usual and LoadLate has nothing to do.
function(whittle_late_library name prefix)
  list(GET ${prefix}_LINK_LIBRARIES 0 library)
  if(NOT CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64" OR NOT library MATCHES "\\.so")
    set(soname "")
    set(functions "")
  else()
    execute_process(COMMAND ${CMAKE_READELF} -d ${library} OUTPUT_VARIABLE dynamic COMMAND_ERROR_IS_FATAL ANY)
    string(REGEX MATCH "soname: \\[([^]]+)\\]" found "${dynamic}")
    set(soname ${CMAKE_MATCH_1})
    get_filename_component(folder ${library} DIRECTORY)
    set_property(GLOBAL APPEND PROPERTY WHITTLE_LATE_LIBRARIES ${folder}/${soname})
    execute_process(COMMAND ${CMAKE_NM} -D --defined-only ${library} OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
    string(REGEX MATCHALL " T [A-Za-z0-9_]+" functions "${symbols}")
    list(TRANSFORM functions REPLACE " T " "")
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
slots:\t.zero ${slot}
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
