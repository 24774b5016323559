# Measured noise from repeats: input lines "KEY VALUE"; every value of a key that is there more than once against
# the mean of its key, in per cent, widened by sqrt(n / (n - 1)) because that mean holds the value itself. The mean
# of the output is the error that a model which knew the true mean would still show.
{ value[$1, ++count[$1]] = $2; sum[$1] += $2 }
END {
  for (key in count) {
    n = count[key]
    mean = sum[key] / n
    for (i = 1; n > 1 && i <= n; ++i) {
      d = 100 * (value[key, i] / mean - 1) * sqrt(n / (n - 1))
      print d < 0 ? -d : d
    }
  }
}
