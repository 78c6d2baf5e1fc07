# The model of the closing handshake: its steps on real connections, and spin's search.
set(model ${CMAKE_CURRENT_SOURCE_DIR}/model)
wirespan_test(model_replay_test SOURCES ${model}/model_replay_test.cpp LINKS wirespan_test_support)
target_compile_definitions(model_replay_test PRIVATE WIRESPAN_TRACES_FILE="${model}/traces.txt")

# Needs spin and gcc, and a replay that sanitizers do not slow down.
if(NOT WIRESPAN_SANITIZE)
  add_test(NAME model/closing_handshake COMMAND ${model}/check.sh $<TARGET_FILE:model_replay_test>)
  set_tests_properties(model/closing_handshake PROPERTIES TIMEOUT 120 LABELS model)
endif()
