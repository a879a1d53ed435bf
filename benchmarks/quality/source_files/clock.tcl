#!/usr/bin/env wish

package require Tk

set options(format) "%H:%M:%S"
set options(size) 32

proc tick {label} {
    global options
    $label configure -text [clock format [clock seconds] -format $options(format)]
    after 1000 [list tick $label]
}

proc resize {label delta} {
    global options
    set options(size) [expr {max(8, $options(size) + $delta)}]
    $label configure -font [list Helvetica $options(size)]
}

label .time -font [list Helvetica $options(size)]
pack .time -padx 20 -pady 10
bind . <plus> {resize .time 2}
bind . <minus> {resize .time -2}
tick .time
