# Columns by name: after the first line, at["time_ms"] is the number of that column. Included by -f.
BEGIN { FS = "," }
FNR == 1 { for (i = 1; i <= NF; ++i) at[$i] = i; next }
function absolute(x) { return x < 0 ? -x : x }
function shown(x) { return x == "" ? "-" : sprintf(x < 9.95 ? "%.2f" : "%.1f", x) }
