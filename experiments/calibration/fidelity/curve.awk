# One line of the table of learning curves from the CSV of `wattline validate curve`:
#   awk -f columns.awk -f curve.awk -v label=NAME -v target=time -v mean=mape -v used=1,3,5 [-v workload=W] FILE
# A cell is error / error of the law alone / share of points inside one sigma.
workload == "" || $at["workload"] == workload {
  value[$at["used"]] = shown($at[target "_" mean "_pct"])
  if (mean == "mape")
    value[$at["used"]] = value[$at["used"]] " / " shown($at[target "_law_mape_pct"]) " / " \
                         sprintf("%.0f", $at[target "_in_one_sigma_pct"])
}
END {
  line = "| " label " |"
  count = split(used, sizes, ",")
  for (i = 1; i <= count; ++i) line = line " " (sizes[i] in value ? value[sizes[i]] : "") " |"
  print line
}
