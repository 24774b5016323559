# Of a comparison's results.csv: every plan's energy per sample and time (of training; of a request, its latency)
# against those of MAXN's plan.
function time_of() { return $at["train_time_ms"] > 0 ? $at["train_time_ms"] : $at["latency_ms"] }
FNR == 1 { for (i = 1; i <= NF; ++i) at[$i] = i; print "policy,problem,energy_change_pct,time_change_pct"; next }
$1 == "maxn" { energy[$2] = $at["energy_per_sample_j"]; time[$2] = time_of(); next }
$1 != "optimum" {
  printf "%s,%s,%.1f,%.1f\n", $1, $2, 100 * ($at["energy_per_sample_j"] / energy[$2] - 1),
         100 * (time_of() / time[$2] - 1)
}
