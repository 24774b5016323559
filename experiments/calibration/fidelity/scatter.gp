# Predicted over measured time, and power where it was measured:
#   gnuplot -c scatter.gp POINTS SVG TITLE SETS WITH_POWER
points = ARG1
sets = int(ARG4)
panels = ARG5 eq "yes" ? 2 : 1
set terminal svg size 420 * panels, 400 font "sans,11" background rgb "white"
set output ARG2
set datafile missing "?"
set multiplot layout 1, panels title ARG3
set key top left samplen 0.5 spacing 0.9 font "sans,9"
set logscale xy
set format xy "%g"
set grid lc rgb "#dddddd"
set xlabel "measured time, ms"
set ylabel "predicted time, ms"
plot x with lines lc rgb "#999999" notitle, \
     for [i = 0:sets - 1] points index i using 1:2 with points pt 7 ps 0.25 lc i + 1 title columnheader(1)
if (panels == 2) {
  unset logscale
  set xlabel "measured power, W"
  set ylabel "predicted power, W"
  plot x with lines lc rgb "#999999" notitle, \
       for [i = 0:sets - 1] points index i using 3:4 with points pt 7 ps 0.25 lc i + 1 notitle
}
unset multiplot
