# Lines of one number each, sorted: "count | mean | median".
{ value[NR] = $1; sum += $1 }
END {
  median = NR % 2 ? value[(NR + 1) / 2] : (value[NR / 2] + value[NR / 2 + 1]) / 2
  printf "%d | %.2f | %.2f\n", NR, sum / NR, median
}
