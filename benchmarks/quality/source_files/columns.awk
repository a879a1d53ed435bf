#!/usr/bin/awk -f
# sum the third column by the first, skip comments

BEGIN {
    FS = "\t"
    OFS = "\t"
}

/^#/ || NF < 3 {
    skipped++
    next
}

{
    sum[$1] += $3
    count[$1]++
    if ($3 > max[$1] || count[$1] == 1) {
        max[$1] = $3
    }
}

END {
    for (key in sum) {
        printf "%s\t%d\t%.2f\t%.2f\n", key, count[key], sum[key] / count[key], max[key]
    }
    if (skipped) {
        print skipped " lines skipped" > "/dev/stderr"
    }
}
