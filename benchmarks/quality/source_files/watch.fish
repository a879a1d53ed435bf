#!/usr/bin/env fish

function watch_files --description 'run a command when files change'
    argparse 'i/interval=' 'h/help' -- $argv
    or return 1

    if set -q _flag_help
        echo "usage: watch_files [-i SECONDS] PATTERN COMMAND"
        return 0
    end

    set -l interval 1
    set -q _flag_interval; and set interval $_flag_interval
    set -l pattern $argv[1]
    set -l command $argv[2..-1]
    set -l before ""

    while true
        set -l now (stat -c %Y $pattern | string join ,)
        if test "$now" != "$before"
            set before $now
            eval $command
        end
        sleep $interval
    end
end
