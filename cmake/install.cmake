# Installs the library, its headers, and what find_package and pkg-config look for.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/nnkernel)
install(TARGETS nnkernel EXPORT nnkernel-targets)
install(DIRECTORY include/nnkernel DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
install(EXPORT nnkernel-targets NAMESPACE nnkernel:: DESTINATION ${package_dir})
configure_package_config_file(cmake/nnkernel-config.cmake.in nnkernel-config.cmake
                              INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(nnkernel-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/nnkernel-config.cmake
              ${PROJECT_BINARY_DIR}/nnkernel-config-version.cmake DESTINATION ${package_dir})

# Relative to the .pc file, so that an installed tree can be moved.
set(pkgconfig_dir ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig)
file(RELATIVE_PATH pkgconfig_to_prefix ${pkgconfig_dir} ${CMAKE_INSTALL_PREFIX})
string(REGEX REPLACE "/$" "" pkgconfig_to_prefix ${pkgconfig_to_prefix})
file(RELATIVE_PATH pkgconfig_libdir ${CMAKE_INSTALL_PREFIX} ${CMAKE_INSTALL_FULL_LIBDIR})
file(RELATIVE_PATH pkgconfig_includedir ${CMAKE_INSTALL_PREFIX} ${CMAKE_INSTALL_FULL_INCLUDEDIR})
configure_file(cmake/nnkernel.pc.in nnkernel.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/nnkernel.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
