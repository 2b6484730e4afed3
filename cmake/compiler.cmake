# Compiler flags that every target shares. Exactness rests on two of them: no contraction of
# a*b+c behind our back, and no fast-math anywhere.
add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Werror -ffp-contract=off
                    -fno-fast-math)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  add_compile_options(-Wno-restrict)  # GCC 12 warns of "text" + std::string at -O3 (its bug 105651)
endif()
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  # clang 14 has the C++20 coroutines but does not announce them to libstdc++'s <coroutine>.
  add_compile_definitions(__cpp_impl_coroutine=201902L)
  add_compile_options(-Wno-reserved-macro-identifier -Wno-builtin-macro-redefined)
endif()

set(TROUPE_SANITIZE "" CACHE STRING "Sanitizers, as -fsanitize takes them (address,undefined or thread)")
option(TROUPE_FUZZ "Build the fuzz targets, and all else so that they can see into it (clang only)" OFF)
if(TROUPE_FUZZ AND NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  message(FATAL_ERROR "TROUPE_FUZZ needs clang: configure with the preset asan")
endif()
if(TROUPE_SANITIZE)
  set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O1 -g1")  # line numbers for reports, and a quick build
  add_compile_options(-fsanitize=${TROUPE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${TROUPE_SANITIZE})
  if(TROUPE_SANITIZE STREQUAL "thread")
    add_compile_options(-Wno-tsan)  # Boost.Asio's fences, which TSan does not see
  else()
    # A quarter of the build's time, for what AddressSanitizer sees as well or x86 does not mind.
    add_compile_options(-fno-sanitize=null,alignment,vptr,object-size)
  endif()
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    add_compile_options(-fno-sanitize=function)  # clang 14 cannot put its data beside coroutines
  else()
    add_compile_options(-Wno-maybe-uninitialized)  # GCC 12 sees what the checks only seem to leave
  endif()
endif()
if(TROUPE_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# A fresh checkout is compiled faster by clang with the largest headers compiled ahead, a changed one
# with ccache, which cannot keep what uses them. (GCC 12 warns of system headers that it reads so.)
find_program(CCACHE ccache)
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND (NOT CCACHE OR DEFINED ENV{CI}))
  set(TROUPE_HEADERS_AHEAD ON)
elseif(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()
find_program(MOLD ld.mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()
