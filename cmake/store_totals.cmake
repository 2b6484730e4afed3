# cmake -D BUILD=FOLDER -P store_totals.cmake: prints what the tests of the experience store have
# counted, if ctest ran them alone. After other runs ctest's own summary stays the last that it says.
set(totals ${BUILD}/store_totals.txt)
set(log ${BUILD}/Testing/Temporary/LastTest.log.tmp)  # of the run that is about to end
if(NOT EXISTS ${totals} OR NOT EXISTS ${log})
  return()
endif()
file(STRINGS ${log} others REGEX "^[0-9]+/[0-9]+ Testing: ")
list(FILTER others EXCLUDE REGEX "Testing: experience\\.")
if(others)
  return()
endif()
file(READ ${totals} text)
execute_process(COMMAND ${CMAKE_COMMAND} -E echo_append "\nThe store's tests counted:\n${text}")
