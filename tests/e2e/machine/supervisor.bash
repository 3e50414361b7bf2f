# Keeps one test machine: a root file system, a cgroup, and the systemd that runs in them.
#
# Runs as root in a mount namespace of its own, so that nothing it mounts is seen outside or outlives it.
#   arguments: NAME BASE DIR SIZE
#     NAME  names the cgroup and the host
#     BASE  root directory the machine is laid over, never written to
#     DIR   empty directory to mount things on
#     SIZE  size of the tmpfs that takes all writes, as `mount -o size=` has it
#   stdin: `boot UNIT` starts systemd, `cut` kills it as a power cut would; end of input ends the machine. As only the
#     test process holds the other end, the machine ends with it, however that process ends.
#   stdout: `ready` once, then `up PID` (the host's pid of systemd) and `down` for each boot
set -eu
name=$1 base=$2 dir=$3 size=$4
cgroup=$dir/cgroup/$name
root=$dir/root

# The writable layer and the root stay mounted between boots: that is how files survive a reboot.
lay_out_root() {
  mount -t tmpfs -o "size=$size,mode=755" tmpfs "$dir"
  mkdir "$dir/upper" "$dir/work" "$dir/cgroup" "$root"
  # A mount of our own works on hybrid hosts, on cgroup2 hosts and where /sys/fs/cgroup is read-only.
  mount -t cgroup2 cgroup2 "$dir/cgroup"
  mount -t overlay overlay -o "lowerdir=$base,upperdir=$dir/upper,workdir=$dir/work" "$root"
}

# What this host's administrator enabled is not part of a test: only what packages ship starts by itself.
forget_host() {
  rm -rf "$root"/etc/systemd/system/* "$root"/etc/systemd/user/* "$root"/etc/rc?.d/S* "$root"/etc/fstab
  rm -rf "$root"/etc/systemd/*.conf.d
  rm -rf "$root"/{etc,var/lib,var/log}/service-status-indicator "$root"/usr/bin/ssi "$root"/usr/local/bin/ssi
  rm -rf "$root"/var/log/journal "$root"/var/lib/systemd/{timers,linger,random-seed}
  mkdir -p "$root"/var/log/journal "$root"/etc/systemd/system
  echo "$name" > "$root/etc/hostname"
  printf '127.0.0.1 localhost\n127.0.1.1 %s\n::1 localhost\n' "$name" > "$root/etc/hosts"
  tr -d - < /proc/sys/kernel/random/uuid > "$root/etc/machine-id"
}

# The first process of a pid namespace enters the cgroup alone: its parent outside would be a process in an inner node,
# and systemd could not hand out controllers.
enter_cgroup() {
  read -r pid _ < /proc/self/stat # this /proc is still the host's
  export pid
  echo 0 > "$cgroup/cgroup.procs"
  exec unshare --cgroup bash -euc "$functions; become_systemd"
}

become_systemd() {
  mount -t proc proc "$root/proc"
  # Read-only as container managers have it: no udev, no sysctl, nothing that would reach the host's kernel.
  mount --bind -o ro "$root/proc/sys" "$root/proc/sys"
  mount -t sysfs -o ro,nosuid,nodev,noexec sysfs "$root/sys"
  mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
  mount -t tmpfs -o mode=755,nosuid,nodev tmpfs "$root/run"
  mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs "$root/tmp"
  mount -t tmpfs -o mode=755,nosuid tmpfs "$root/dev"
  for node in null zero full random urandom tty; do
    : > "$root/dev/$node"
    mount --bind "/dev/$node" "$root/dev/$node"
  done
  mkdir "$root/dev/pts" "$root/dev/shm"
  mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$root/dev/pts"
  mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs "$root/dev/shm"
  ln -s pts/ptmx "$root/dev/ptmx"
  ln -s /proc/self/fd "$root/dev/fd"
  ln -s /proc/self/fd/0 "$root/dev/stdin"
  ln -s /proc/self/fd/1 "$root/dev/stdout"
  ln -s /proc/self/fd/2 "$root/dev/stderr"
  ip link set lo up
  hostname "$name"
  cd "$root"
  mkdir -p .host
  pivot_root . .host
  umount -l .host
  rmdir .host
  echo "up $pid"
  # Neither the clock nor the modules of the kernel are private to the machine.
  exec env -i container=ssi-e2e PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    setpriv --bounding-set=-sys_module,-sys_time \
    /lib/systemd/systemd --system --unit="$unit" --log-target=journal --show-status=no </dev/null >&2
}

boot() {
  mkdir "$cgroup"
  unit=$1
  {
    unshare --mount --pid --fork --kill-child --uts --ipc --net \
      bash -euc "$functions; enter_cgroup" || true
    find "$cgroup" -depth -type d -exec rmdir {} +
    echo down
  } &
}

cut() {
  [ ! -d "$cgroup" ] || find "$cgroup" -name cgroup.procs -exec cat {} + 2>&1 | while read -r pid; do
    kill -KILL "$pid" 2>/dev/null || true
  done
}

functions=$(declare -f enter_cgroup become_systemd)
export functions name root cgroup unit=
lay_out_root
forget_host
echo ready
while read -r command unit; do
  case $command in
    boot) boot "$unit" ;;
    cut) cut ;;
  esac
done
cut
wait
