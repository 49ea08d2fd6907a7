# CUDA kernels of an application, written when CMake configures.
#
#   find_package(kernelgen CONFIG REQUIRED PATHS node_modules/kernelgen/cmake)
#   kernelgen_add_kernels(app)                  # #include "server/h200/server_forward.cu"
#
# kernelgen_add_kernels(<target> [CONFIG <file>] [OUT <directory>])
#
#   Runs `kernelgen build` for CONFIG (kernels.config.ts of the current source directory) into OUT (kernels/<target> of the current
#   binary directory) and adds OUT, and the headers that the kernels include, to the target's include directories. A change of the
#   configuration, of its local imports or of the device files that it names configures again; kernels whose inputs did not change are
#   not solved again.
#
# kernelgen_CUDA_DIR is where the prelude and its host side lie. NODE_EXECUTABLE may be set to the node to run.

find_program(NODE_EXECUTABLE node)
get_filename_component(kernelgen_ROOT "${CMAKE_CURRENT_LIST_DIR}/.." ABSOLUTE)
set(kernelgen_COMMAND "${kernelgen_ROOT}/bin/kernelgen.js")
set(kernelgen_CUDA_DIR "${kernelgen_ROOT}/assets/cuda")

if(NOT NODE_EXECUTABLE)
  set(kernelgen_FOUND FALSE)
  set(kernelgen_NOT_FOUND_MESSAGE "node was not found; set NODE_EXECUTABLE")
  return()
endif()

function(kernelgen_add_kernels target)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "CONFIG;OUT" "")
  if(arg_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR "kernelgen_add_kernels: unknown arguments ${arg_UNPARSED_ARGUMENTS}")
  endif()
  if(NOT arg_CONFIG)
    set(arg_CONFIG kernels.config.ts)
  endif()
  if(NOT arg_OUT)
    set(arg_OUT "kernels/${target}")
  endif()
  get_filename_component(config "${arg_CONFIG}" ABSOLUTE)
  get_filename_component(out "${arg_OUT}" ABSOLUTE BASE_DIR "${CMAKE_CURRENT_BINARY_DIR}")

  # A configuration that is wrong is looked at again when it has changed.
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${config}" "${kernelgen_COMMAND}")
  message(STATUS "kernelgen: building the kernels of ${target}")
  execute_process(
    COMMAND "${NODE_EXECUTABLE}" "${kernelgen_COMMAND}" build --config "${config}" --out "${out}" --json
    OUTPUT_VARIABLE report
    ERROR_VARIABLE error
    RESULT_VARIABLE result)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "kernelgen_add_kernels(${target}): ${error}")
  endif()

  string(JSON count LENGTH "${report}" dependencies)
  math(EXPR last "${count} - 1")
  foreach(index RANGE ${last})
    string(JSON dependency GET "${report}" dependencies ${index})
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${dependency}")
  endforeach()
  target_include_directories(${target} PRIVATE "${out}" "${out}/cuda-include")
endfunction()
