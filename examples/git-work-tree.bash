#!/bin/bash
# name: Git Work Tree
# description: Changes in a work tree of git that are not committed, not pushed or not pulled
# version: 1.0
# schedule: *:0/5
# timeout: 60
# tags: git, deployment

set -u
export LC_ALL=C
# Reading must not write, and asking a remote must not wait for a password.
export GIT_OPTIONAL_LOCKS=0 GIT_TERMINAL_PROMPT=0

# Absolute paths of work trees, separated by spaces.
trees=${WORK_TREES:-/etc}
# no: commits that are on no remote are fine.
pushed=${PUSHED:-yes}
# yes: ask the remote, over the network, whether its branch has moved; else what the last `git fetch` saw counts.
ask_remote=${ASK_REMOTE:-no}
for switch in pushed ask_remote; do
  if ! [[ ${!switch} =~ ^(yes|no)$ ]]; then
    echo "ERROR, $switch must be yes or no, not '${!switch}'"
    exit 3
  fi
done

for tool in git timeout; do
  if ! command -v "$tool" > /dev/null; then
    echo "ERROR, $tool is not installed (apt install ${tool/timeout/coreutils})"
    exit 127
  fi
done
read -ra wanted <<< "$trees"
if [ "${#wanted[@]}" -eq 0 ]; then
  echo "ERROR, WORK_TREES names nothing"
  exit 3
fi

fail() {
  [ -z "${answer:-}" ] || printf '%s\n' "  ${answer//$'\n'/$'\n  '}"
  echo "ERROR, $1"
  exit 3
}

# The repository is named, not searched for. So a broken one is an error instead of the next one above it, and one that belongs to another
# user (safe.directory) is read: nothing of it is executed, neither hooks nor its file system monitor.
ask() {
  git --git-dir="$tree/.git" --work-tree="$tree" -c core.fsmonitor=false "$@"
}

behind_text='' local_text=''
for tree in "${wanted[@]}"; do
  case $tree in /*) ;; *) fail "WORK_TREES has absolute paths, not '$tree'" ;; esac
  answer=$(stat -- "$tree/.git" 2>&1 > /dev/null) || fail "$tree is no work tree that user $(id -un) may see (header key user: its owner)"

  # Only a warning says that a part could not be looked at, so anything git complains of counts.
  if ! answer=$(cd -- "$tree" && ask status --porcelain --untracked-files=normal 2>&1) ||
    [[ $'\n'$answer =~ $'\n'(warning|error|fatal|hint): ]]; then
    fail "git could not look at all of $tree"
  fi
  changes=0
  if [ -n "$answer" ]; then
    while read -r _; do changes=$((changes + 1)); done <<< "$answer"
    printf '%s\n' "${answer:0:2000}"
  fi

  answer=$(ask rev-parse --verify --short HEAD 2>&1) || fail "git finds no commit in $tree"
  head=$answer
  branch=$(ask symbolic-ref --quiet --short HEAD) || branch='no branch'
  answer=$(ask rev-list --count HEAD --not --remotes 2>&1) || fail "git could not count what is not pushed from $tree"
  unpushed=$answer
  behind=0
  if upstream=$(ask rev-parse --abbrev-ref --symbolic-full-name '@{upstream}' 2> /dev/null); then
    answer=$(ask rev-list --count 'HEAD..@{upstream}' 2>&1) || fail "git could not count what is not pulled into $tree"
    behind=$answer
    if [ "$ask_remote" = yes ]; then
      remote=$(ask config "branch.$branch.remote") || fail "git does not name the remote of $branch in $tree"
      name=$(ask config "branch.$branch.merge") || fail "git does not name the remote branch of $branch in $tree"
      answer=$(cd -- "$tree" && timeout 20 git --git-dir="$tree/.git" ls-remote --exit-code "$remote" "$name" 2>&1) || fail "the remote $remote of $tree does not answer"
      known=$(ask rev-parse '@{upstream}')
      if [ "${answer##*$'\n'}" != "$known"$'\t'"$name" ] && [ "$behind" -eq 0 ]; then
        behind='some'
      fi
    fi
  elif ask config "branch.$branch.merge" > /dev/null; then
    fail "the branch that $branch of $tree follows is not known here (git fetch)"
  elif [ "$ask_remote" = yes ]; then
    fail "$tree is on $branch, which follows no branch of a remote: nothing to ask"
  fi
  echo "$tree: $head on $branch, upstream ${upstream:-none}, $changes changes, $unpushed commits not pushed, $behind behind"

  if [ "$changes" -gt 0 ]; then
    local_text=${local_text:-"$tree has $changes uncommitted changes"}
  elif [ "$unpushed" -gt 0 ] && [ "$pushed" = yes ]; then
    local_text=${local_text:-"$tree has $unpushed commits that are on no remote"}
  elif [ "$behind" != 0 ]; then
    behind_text=${behind_text:-"$tree is $behind commits behind $upstream"}
  fi
done

if [ -n "$local_text" ]; then
  echo "WARNING, $local_text"
  exit 1
elif [ -n "$behind_text" ]; then
  echo "UPDATE, $behind_text"
else
  echo "OK, ${#wanted[@]} of ${#wanted[@]} work trees are clean"
fi
