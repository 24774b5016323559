# Noise where nothing was repeated: input lines "SERIES VALUE", each series in the order of one knob. Second
# differences of the logarithm over sqrt(6), in per cent: for a smooth series they are noise alone, so this bounds
# the noise from above.
$1 != series { n = 0; series = $1 }
{ y[++n] = log($2)
  if (n > 2) { d = 100 * (y[n - 2] - 2 * y[n - 1] + y[n]) / sqrt(6); print d < 0 ? -d : d } }
