# Empty compiler generated dependencies file for wirespan_core.
# This may be replaced when dependencies are built.
