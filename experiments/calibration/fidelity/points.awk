# Points of a scatter plot from the rows of `wattline validate profiles --format csv`: measured and predicted time
# and power, "?" where not measured. The first line is the title. At most 200 points: evenly spaced rows.
#   awk -f columns.awk -f points.awk -v title=T FILE
{ ++n
  power[n] = $at["power_w"] == "" ? "? ?" : $at["power_w"] " " $at["predicted_power_w"]
  time[n] = $at["time_ms"] == "" ? "? ?" : $at["time_ms"] " " $at["predicted_time_ms"] }
END {
  printf "\"%s\" x y z\n", title
  step = n > 200 ? n / 200 : 1
  for (i = 1; i <= n; i += step) print time[int(i)], power[int(i)]
  printf "\n\n"
}
