# cmake -D BUILD=FOLDER -P shown.cmake: prints what tests wanted to be seen (base/shown_test_support.h),
# if ctest ran those of one label alone: store or exact. After other runs ctest's own summary stays the
# last that it says.
set(shown ${BUILD}/shown.txt)
set(log ${BUILD}/Testing/Temporary/LastTest.log.tmp)  # of the run that is about to end
if(NOT EXISTS ${shown} OR NOT EXISTS ${log})
  return()
endif()
foreach(label "store;experience\\." "exact;.*Exact\\.|program\\.(modes|workflow)")
  list(GET label 0 name)
  list(GET label 1 tests)
  file(STRINGS ${log} others REGEX "^[0-9]+/[0-9]+ Testing: ")
  list(FILTER others EXCLUDE REGEX "Testing: (${tests})")
  if(NOT others)
    file(READ ${shown} text)
    execute_process(COMMAND ${CMAKE_COMMAND} -E echo_append "\nThe tests of ${name} say:\n${text}")
    return()
  endif()
endforeach()
