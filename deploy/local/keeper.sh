#!/bin/sh
# Runs COMMAND… for as long as whoever started this holds our standard input open.
#   a line on standard input   asks COMMAND to end (SIGTERM), then everything of ours goes
#   end of standard input      whoever started this is gone, kill -9 included: everything of ours goes at once
#   COMMAND ends by itself     everything of ours goes
# "Ours" is the process group: start this in a session of its own. $KEEPER_LAST is run first when the input
# ends, for what does not live in the group (a container).
set -u
exec 3<&0
"$@" 3<&- &
job=$!
(
    if read -r _; then
        kill -TERM "$job"
    else
        sh -c "${KEEPER_LAST:-}"
        kill -KILL 0
    fi
) <&3 &
wait "$job"
kill -KILL 0
