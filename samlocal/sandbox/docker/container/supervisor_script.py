"""The shell scripts that run a function's processes in its container.

Process 1 is a shell in the image. It runs the runtime, reports its exit, and runs it again when told, in the
same container with the same /tmp. It also connects the stderr of the runtime to its stdout: an engine sends
both separately, without a common order, while Lambda has one log for both.

The runtime is not process 1, as in Lambda: the kernel sends a process 1 no signal that it does not handle.
The shell itself survives `kill -KILL 0` and `kill -KILL -1`, because the kernel protects the process 1 of a
PID namespace from signals of that namespace. If it is not process 1 (`pid_mode` and `init` of
`--docker-arg`), it never sends these signals: they would end the container, or processes outside of it.

A container for a single invocation has no input, because the engine takes longer for one that has. SIGUSR1
starts its runtime again within a minute, after killing what the last one has left behind; afterwards it ends,
because its samlocal has.

Any other container gets its commands, one a line, through its stdin, which ends with samlocal. A listener in
the background reads them while the runtime runs; it is started only where it is needed. Commands with a
`GROUP` are for an extension, which the engine's `exec` starts as the leader of its own process group:

    mark [GROUP]     write a mark to the process's output, after all that it has written before
    term [GROUP]     send SIGTERM to the runtime or to an extension, and to their children
    kill [GROUP]     send SIGKILL to them
    clear            send SIGKILL to all processes but process 1
    start            run the runtime

Empty lines are ignored.

The shell's own stderr, which is the container's, is for messages. Each is between two marks:

    extensions /NAME…    the files in /opt/extensions
    exit STATUS [KILLS]  the process ended; KILLS counts all processes that the kernel killed for their memory
    killed [GROUP]       a `kill GROUP` or `clear` was carried out
    started PID START    an extension is about to run; START is the beginning of its file
    refused REASON       an extension cannot be executed

Before a message about an exit, every shell names the signal that ended the process, except for SIGINT and
SIGPIPE. The exit status alone does not tell: a program may exit with 137.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from samlocal.sandbox.extension_files import EXTENSIONS_FOLDER, EXTENSIONS_SWITCH

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SHELL: Final = "/bin/sh"

# The functions of the scripts that run in the background. bash names them if a function has killed them.
IN_BACKGROUND: Final = ("_listener", "_sleeper")

# Names of variables are `_` and small letters: variables of the function with other names keep their values.
# The pipe of stdout is opened again if possible. Otherwise both streams share their flags: if a program makes
# one non-blocking, as Node.js does, writes to the other fail with EAGAIN when the pipe is full.
# As `sh`, bash does not name the signal that ended a process, unless it leaves its POSIX mode.
_COMMON: Final = r"""
command set +o posix 2>/dev/null
if [ -p /proc/self/fd/1 ] && [ -w /proc/self/fd/1 ]; then exec 3>/proc/self/fd/1; else exec 3>&1; fi
exec 5>&2
_mark() { printf '\036%s%s' "$_token" "$1"; }
_say() { printf '\036%s%s\036%s' "$_token" "$*" "$_token" >&5; }
_report() {
  _kills=
  if [ "$1" = 137 ]; then
    for _file in /sys/fs/cgroup/memory.events /sys/fs/cgroup/memory/memory.oom_control; do
      if [ -r "$_file" ]; then
        while read -r _name _count; do
          if [ "$_name" = oom_kill ]; then _kills=$_count; fi
        done <"$_file"
      fi
    done
  fi
  _say exit "$1" $_kills
  _mark e >&3
}
"""

# A signal that comes just before the shell waits ends the process that it would wait for. It is the only one
# with a trap: bash loses a signal that comes with another. That process ignores SIGTERM, which is for the runtime.
_SINGLE: Final = r"""
_start() {
  _started=y
  if [ "$_sleeping" ]; then kill -KILL "$_sleeping" 2>/dev/null; fi
}
_sleeper() { exec sleep 60 >/dev/null 2>&1 3>&- 5>&-; }
_sleep() {
  (trap '' TERM; _sleeper) &
  _sleeping=$!
}
while :; do
  (exec "$0" "$@" 2>&3 3>&- 5>&-)
  _status=$?
  _started= _sleeping=
  trap _start USR1
  _report "$_status"
  _sleep
  until [ "$_started" ]; do
    wait "$_sleeping" 2>/dev/null
    _status=$?
    if ! kill -0 "$_sleeping" 2>/dev/null && [ ! "$_started" ]; then
      case $_status in
        0 | 126 | 127) exit ;;
      esac
      _sleep
    fi
  done
  if [ $$ = 1 ]; then kill -KILL -1 2>/dev/null; fi
done
"""
# The listener ignores SIGTERM from its first moment on, and SIGKILL to its group ends it too. bash may return 0
# from `wait` although it goes on, if SIGTERM has interrupted that.
_SUPERVISOR: Final = r"""
trap : TERM
exec 4<&0 </dev/null
_listener() {
  while read -r _command _group <&4; do
    case $_command$_group in
      mark) _mark f >&3 ;;
      mark*) _mark f >"/proc/$_group/fd/1" ;;
      term) kill -TERM 0 ;;
      term*) kill -TERM "-$_group" ;;
      kill) if [ $$ = 1 ]; then kill -KILL 0; fi ;;
      kill*)
        { kill -KILL "-$_group" && _mark e >&6; } 6>"/proc/$_group/fd/1" || kill -KILL "-$_group"
        _say killed "$_group"
        ;;
      clear) if [ $$ = 1 ]; then kill -KILL -1 || :; _say killed; fi ;;
      start) exit 0 ;;
    esac
  done
  if [ $$ = 1 ]; then kill -KILL -1; fi
  exit 1
}
_listen() {
  trap '' TERM
  (exec 2>/dev/null; _listener) &
  _listening=$!
  trap : TERM
}
_names=
if [ "$_lists" ] && [ ! -e SWITCH ]; then
  for _file in FOLDER/* FOLDER/.[!.]* FOLDER/..?*; do
    if [ ! -d "$_file" ] && { [ -f "$_file" ] || [ -h "$_file" ]; }; then
      _names=$_names/${_file##*/}
    fi
  done
fi
if [ "$_lists" ]; then _say extensions "$_names"; fi
_listens=$_listens$_names
_runs=y
if [ "$_names" ]; then _runs=; fi
while :; do
  if [ "$_listens" ]; then _listen; fi
  if [ "$_runs" ]; then
    (exec "$0" "$@" 2>&3 3>&- 4<&- 5>&-)
    _report $?
  fi
  _runs=y
  if [ "$_listens" ]; then
    while :; do
      wait "$_listening" 2>/dev/null
      case $? in
        0) if ! kill -0 "$_listening" 2>/dev/null; then break; fi ;;
        1) exit ;;
        143) ;;
        *) _listen ;;
      esac
    done
  else
    read -r _command <&4 || exit
  fi
done
""".replace("SWITCH", EXTENSIONS_SWITCH).replace("FOLDER", EXTENSIONS_FOLDER)

# A shell would run a file that the kernel cannot execute as a shell script.
_EXTENSION: Final = r"""
trap : TERM
_refuse() { _say refused "$1"; exit; }
if [ ! -e "$0" ]; then _refuse 'no such file or directory'; fi
if [ ! -f "$0" ]; then _refuse 'not a regular file'; fi
if [ ! -x "$0" ]; then _refuse 'permission denied'; fi
_start=
if [ -r "$0" ]; then
  IFS= read -r _start <"$0"
  case $_start in
    '#!'*)
      set -f
      _words=${_start#??}
      for _word in $_words; do
        if [ ! -x "$_word" ]; then _refuse "its interpreter does not exist: $_word"; fi
        break
      done
      ;;
    ?ELF*) ;;
    *) _refuse 'exec format error' ;;
  esac
fi
printf '\036%sstarted %s %.12s\036%s' "$_token" $$ "$_start" "$_token" >&5
(
  UNSET
  exec "$@" "$0" 2>&3 3>&- 5>&-
)
_report $?
"""


def single_script(token: str) -> str:
    """Return the script of process 1 for a single invocation without extensions.

    Its program and arguments are those of the script, and its messages and marks contain `token`.
    """
    return f"_token={token}{_COMMON}{_SINGLE}"


def supervisor_script(token: str, *, lists: bool, listens: bool) -> str:
    """Return the script of process 1, whose program and arguments are those of the script.

    Its messages and marks contain `token`. It `lists` the extensions; if there are any, the runtime
    waits for the first `start`. It `listens` for commands while the runtime runs; it always does if
    it has listed an extension.
    """
    flags = {"lists": lists, "listens": listens}
    chosen = "\n".join(f"_{name}={'y' if is_set else ''}" for name, is_set in flags.items())
    return f"_token={token}\n{chosen}{_COMMON}{_SUPERVISOR}"


def extension_command(
    token: str, name: str, *, unset: Iterable[str], prefix: Sequence[str]
) -> list[str]:
    """Return the command for the engine's `exec` that runs an extension.

    It runs without the variables `unset`, which are valid names in a shell, and is executed by `prefix`,
    such as `env NAME=VALUE`.
    """
    names = " ".join(unset)
    script = _EXTENSION.replace("UNSET", f"unset -v {names}" if names else ":")
    return [
        SHELL,
        "-c",
        f"_token={token}{_COMMON}{script}",
        f"{EXTENSIONS_FOLDER}/{name}",
        *prefix,
    ]
