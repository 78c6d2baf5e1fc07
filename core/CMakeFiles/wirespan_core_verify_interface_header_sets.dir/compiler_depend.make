# Empty compiler generated dependencies file for wirespan_core_verify_interface_header_sets.
# This may be replaced when dependencies are built.
