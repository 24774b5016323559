# Loss against number of profiles: gnuplot -c curves.gp CSV SVG TITLE
set terminal svg size 860, 520 font "sans,11" background rgb "white"
set output ARG2
set datafile separator ","
set title ARG3
set logscale x
set xtics (1, 2, 4, 8, 15, 30, 50, 100, 150, 250)
set xlabel "profiles that a policy may use"
set ylabel "mean loss, % (100: not solved)"
set yrange [0:100]
set xrange [1:250]
set grid lc rgb "#dddddd"
set key outside right
colours = "#9e9e9e #4d4d4d #c5b0d5 #9467bd #e377c2 #1f77b4 #17becf #2ca02c #bcbd22 #8c564b #ff7f0e #d62728 #7f0000"
policies = "rnd rnd-shared linear roofline nn als powertrain gmd pagoda annealing bayesian scout scout-shared"
row(policy) = sprintf("< awk -F, '$1 == \"%s\" && $2 > 0' '%s'", policy, ARG1)
plot for [i = 1:words(policies)] row(word(policies, i)) using 2:7 with linespoints lc rgb word(colours, i) \
       lw (word(policies, i)[1:5] eq "scout" ? 3 : 1.5) pt i ps 0.6 title word(policies, i), \
     sprintf("< awk -F, '$1 == \"maxn\"' '%s'", ARG1) using (1):7 with points pt 3 lc rgb "#000000" title "maxn", \
     sprintf("< awk -F, '$1 == \"presets\"' '%s'", ARG1) using (1):7 with points pt 4 lc rgb "#000000" title "presets"
