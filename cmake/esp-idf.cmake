# The core as a component of ESP-IDF: put the project's folder, or a link to it, under components/.
file(GLOB sources ${CMAKE_CURRENT_LIST_DIR}/../Sources/CNNKernel/*.c)
idf_component_register(SRCS ${sources} INCLUDE_DIRS include)
