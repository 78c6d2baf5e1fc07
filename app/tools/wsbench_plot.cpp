// wsbench_plot.cpp - SVG.
#include "wsbench_plot.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace wsbench {
namespace {

constexpr double width = 640;
constexpr double height = 220;
constexpr double left = 80;
constexpr double bottom = 40;
constexpr double top = 24;

std::string number(double value) {
  std::array<char, 32> room{};
  (void)std::snprintf(room.data(), room.size(), "%.1f", value);
  return room.data();
}

/// The share of an axis at which a value lies.
double share_of(const Axis& axis, double value) {
  const double first = axis.ticks.front().first;
  const double last = axis.ticks.back().first;
  return std::clamp((value - first) / (last - first), 0.0, 1.0);
}

double x_of(const Axis& axis, double value) { return left + share_of(axis, value) * width; }
double y_of(const Axis& axis, double value) { return top + (1 - share_of(axis, value)) * height; }

std::string text(double x, double y, const char* anchor, const std::string& words) {
  return "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" text-anchor=\"" + anchor + "\">" +
         words + "</text>\n";
}

std::string grid_line(double x1, double y1, double x2, double y2) {
  return "<line x1=\"" + number(x1) + "\" y1=\"" + number(y1) + "\" x2=\"" + number(x2) +
         "\" y2=\"" + number(y2) + "\"/>\n";
}

std::string grid(const Axis& across, const Axis& up) {
  std::string svg = "<g class=\"grid\">\n";
  for (const auto& [value, words] : across.ticks) {
    const double x = x_of(across, value);
    svg += grid_line(x, top, x, top + height) + text(x, top + height + 16, "middle", words);
  }
  for (const auto& [value, words] : up.ticks) {
    const double y = y_of(up, value);
    svg += grid_line(left, y, left + width, y) + text(left - 6, y + 4, "end", words);
  }
  return svg + "</g>\n" + text(left + width, top + height + 34, "end", across.title) +
         text(left - 6, top - 10, "end", up.title);
}

std::string drawn(const Axis& across, const Axis& up, const Line& line) {
  std::string svg =
      "<polyline fill=\"none\" stroke-width=\"2\" stroke=\"" + line.colour + "\" points=\"";
  for (const auto& [x, y] : line.points) {
    svg += number(x_of(across, x)) + "," + number(y_of(up, y)) + " ";
  }
  return svg + "\"/>\n";
}

}  // namespace

Axis round_axis(std::string title, double highest,
                const std::function<std::string(double)>& text_of) {
  constexpr double parts = 5;
  const double rough = std::max(highest, 1e-9) / parts;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  double step = 10 * power;
  for (const double round : {5.0, 2.0, 1.0}) {
    if (round * power >= rough) step = round * power;
  }
  Axis axis{.title = std::move(title)};
  for (int i = 0; i == 0 || axis.ticks.back().first < highest; ++i) {
    axis.ticks.emplace_back(i * step, text_of(i * step));
  }
  if (axis.ticks.size() == 1) axis.ticks.emplace_back(step, text_of(step));
  return axis;
}

std::string plot(const Axis& across, const Axis& up, const std::vector<Line>& lines) {
  std::string svg = "<svg viewBox=\"0 0 " + number(left + width + 20) + " " +
                    number(top + height + bottom) + "\" role=\"img\">\n" + grid(across, up);
  double x = left + width;
  for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
    svg += drawn(across, up, *line);
    if (lines.size() == 1) continue;
    svg += "<g fill=\"" + line->colour + "\">" + text(x, top - 10, "end", line->name) + "</g>";
    x -= 30 + 7 * static_cast<double>(line->name.size());
  }
  return svg + "</svg>\n";
}

}  // namespace wsbench
