# Errors of a model over the rows of `wattline validate profiles --format csv`, as one line of a table:
#   awk -f columns.awk -f errors.awk -v label=NAME FILE
function add(target, at_error, inside,   error) {
  if (at_error == "") return
  error = absolute(at_error)
  sum[target] += error
  all[target, ++count[target]] = error
  if (error > absolute(worst[target])) worst[target] = at_error
  if (inside == "yes") ++within[target]
}
function median_of(target,   i, j, x, n) {
  n = count[target]
  for (i = 2; i <= n; ++i) {
    x = all[target, i]
    for (j = i - 1; j >= 1 && all[target, j] > x; --j) all[target, j + 1] = all[target, j]
    all[target, j + 1] = x
  }
  return n % 2 ? all[target, (n + 1) / 2] : (all[target, n / 2] + all[target, n / 2 + 1]) / 2
}
function cells(target) {
  if (!count[target]) return " - | - | - | - |"
  return sprintf(" %s | %s | %+.1f | %.0f |", shown(sum[target] / count[target]), shown(median_of(target)),
                 worst[target], 100 * within[target] / count[target])
}
{ add("time", $at["time_error_pct"], $at["time_in_one_sigma"])
  add("power", $at["power_error_pct"], $at["power_in_one_sigma"]) }
END { print "| " label " | " NR - 1 " |" cells("time") cells("power") }
