// wsbench_plot.hpp - draws lines over two axes as SVG.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace wsbench {

/// A line of a plot: the points from left to right.
struct Line {
  std::string name{};
  std::string colour{};
  std::vector<std::pair<double, double>> points{};
};

struct Axis {
  std::string title{};
  /// The ticks: a value and its text, in order.
  std::vector<std::pair<double, std::string>> ticks{};
};

/// Returns ticks from 0 to at least `highest`, at round values, as `text_of` writes them.
[[nodiscard]] Axis round_axis(std::string title, double highest,
                              const std::function<std::string(double)>& text_of);

/// Returns an <svg> element. The axes reach from their first to their last tick; what is above is
/// drawn at the edge.
[[nodiscard]] std::string plot(const Axis& across, const Axis& up, const std::vector<Line>& lines);

}  // namespace wsbench
