option(TROUPE_SLOW_TESTS "Build the rooms' slow tests, too" ON)

# troupe_room(NAME [ROOMS ...] [LIBS ...] [LABEL label])
# One library per room, troupe_NAME, from every .cc below src/NAME; files named *_test.cc become the
# room's test program (label quick), *_slow_test.cc a second one (label slow), *_parity_test.cc, which
# compare with what other people's programs say, a third one (labels quick and parity), and
# *exact_slow_test.cc, which compare gradients to the bit, a fourth one (labels slow and exact).
# ROOMS are the rooms above it that it may include; LIBS are outside libraries; LABEL is one more that
# all its tests carry.
function(troupe_room name)
  cmake_parse_arguments(ARG "" "LABEL" "ROOMS;LIBS" ${ARGN})
  set(dir ${CMAKE_SOURCE_DIR}/src/${name})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${dir}/*.cc)
  set(quick ${sources})
  list(FILTER quick INCLUDE REGEX "_test\\.cc$")
  set(slow ${quick})
  list(FILTER slow INCLUDE REGEX "_slow_test\\.cc$")
  set(parity ${quick})
  list(FILTER parity INCLUDE REGEX "_parity_test\\.cc$")
  set(exact ${slow})
  list(FILTER exact INCLUDE REGEX "exact_slow_test\\.cc$")
  list(FILTER slow EXCLUDE REGEX "exact_slow_test\\.cc$")
  list(FILTER quick EXCLUDE REGEX "_(slow|parity)_test\\.cc$")
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")

  if(NOT sources)  # a room with headers only
    set(sources ${CMAKE_BINARY_DIR}/empty.cc)
    file(TOUCH ${sources})
  endif()
  add_library(troupe_${name} STATIC ${sources})
  target_include_directories(troupe_${name} PUBLIC ${CMAKE_SOURCE_DIR}/include ${CMAKE_SOURCE_DIR}/src)
  list(TRANSFORM ARG_ROOMS PREPEND troupe_)
  target_link_libraries(troupe_${name} PUBLIC ${ARG_ROOMS} ${ARG_LIBS})
  if(TROUPE_HEADERS_AHEAD AND "nlohmann_json::nlohmann_json" IN_LIST ARG_LIBS)
    target_precompile_headers(troupe_${name} PRIVATE <nlohmann/json.hpp>)
  endif()

  # Kernels are written once and compiled for each instruction set; the choice is made at run time.
  foreach(isa "avx2;-mavx2 -mfma" "avx512;-mavx512f -mavx512dq -mavx512bw -mavx512vl -mavx2 -mfma"
          "avx512bf16;-mavx512f -mavx512dq -mavx512bw -mavx512vl -mavx512bf16 -mavx2 -mfma")
    list(GET isa 0 suffix)
    list(GET isa 1 flags)
    set(files ${sources})
    list(FILTER files INCLUDE REGEX "_${suffix}\\.cc$")
    set_source_files_properties(${files} PROPERTIES COMPILE_FLAGS "${flags}"
                                                    SKIP_PRECOMPILE_HEADERS ON)
  endforeach()

  troupe_tests(${name} quick "${quick}" ${ARG_LABEL})
  troupe_tests(${name} parity "${parity}" quick ${ARG_LABEL})
  if(TROUPE_SLOW_TESTS)
    troupe_tests(${name} slow "${slow}" ${ARG_LABEL})
    troupe_tests(${name} exact "${exact}" slow ${ARG_LABEL})
  endif()
endfunction()

# troupe_tests(ROOM LABEL FILES [more labels ...])
function(troupe_tests name label files)
  if(NOT files)
    return()
  endif()
  set(target ${name}_${label}_tests)
  add_executable(${target} ${files})
  target_link_libraries(${target} PRIVATE troupe_${name} GTest::gtest GTest::gtest_main)
  # Tests are compiled more often than they are waited for.
  target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1>)
  if(TROUPE_SANITIZE)
    target_compile_options(${target} PRIVATE -O0)
  endif()
  target_compile_definitions(${target} PRIVATE TROUPE_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  if(TROUPE_HEADERS_AHEAD)
    target_precompile_headers(${target} PRIVATE <gtest/gtest.h>)
  endif()
  gtest_discover_tests(${target} DISCOVERY_MODE PRE_TEST TEST_PREFIX "${name}." PROPERTIES LABELS ${label} TIMEOUT 300)
  if(ARGN)  # a list does not survive the call above
    set(script ${CMAKE_CURRENT_BINARY_DIR}/${target}_labels.cmake)
    file(WRITE ${script} "if(${target}_TESTS)\n  set_tests_properties(\${${target}_TESTS} PROPERTIES LABELS \"${label};${ARGN}\")\nendif()\n")
    set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES ${script})
  endif()
endfunction()
include(GoogleTest)
