# A Slurm of one machine with several nodes: a real controller, a node daemon for each name, their own
# munge.  All of it lies in one folder and touches nothing of the system's own.  Sourced, after bench.sh.

# Debian installs daemons where not everybody looks.
PATH=$PATH:/usr/sbin:/sbin
slurm_tools="munged slurmctld slurmd sbatch squeue scontrol scancel sinfo"

# What is missing of it, by name.
slurm_missing() {
	local tool
	for tool in $slurm_tools; do command -v "$tool" >/dev/null || printf '%s ' "$tool"; done
}

# Ports that nobody listens on, with room for all nodes.
slurm_ports() {
	local port=$((20000 + $$ % 20000)) used
	used=$(cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | awk '$4 == "0A" { sub(/.*:/, "", $2); print $2 }')
	while for i in 0 1 2 3 4 5 6 7 8 9; do printf '%04X\n' $((port + i)); done | grep -qxF "$used"; do
		port=$((port + 11))
	done
	echo "$port"
}

# Starts it in FOLDER with the nodes n1 to nN.  Each has all CPUs of the machine, so that jobs with --exclusive
# run one a node.
slurm_start() { # FOLDER N
	slurm=$1 slurm_nodes=$2
	local port host user cpus i
	port=$(slurm_ports) host=$(hostname) user=$(id -un) cpus=$(getconf _NPROCESSORS_ONLN)
	mkdir -p "$slurm/state" "$slurm/log" && chmod 755 "$slurm"
	dd if=/dev/urandom of="$slurm/munge.key" bs=1024 count=1 2>/dev/null && chmod 400 "$slurm/munge.key"
	cat >"$slurm/slurm.conf" <<-END
		ClusterName=test
		SlurmctldHost=$host(127.0.0.1)
		SlurmctldPort=$port
		SlurmUser=$user
		SlurmdUser=$user
		AuthType=auth/munge
		AuthInfo=socket=$slurm/munge.socket,cred_expire=20
		CredType=cred/munge
		ProctrackType=proctrack/linuxproc
		TaskPlugin=task/none
		SelectType=select/linear
		JobAcctGatherType=jobacct_gather/none
		AccountingStorageType=accounting_storage/none
		JobCompType=jobcomp/none
		MpiDefault=none
		SwitchType=switch/none
		MailProg=/bin/true
		ReturnToService=2
		MaxArraySize=4
		JobRequeue=1
		KillWait=5
		SlurmdTimeout=300
		MinJobAge=3600
		SchedulerParameters=sched_interval=1,batch_sched_delay=0,sched_min_interval=0
		StateSaveLocation=$slurm/state
		SlurmctldPidFile=$slurm/slurmctld.pid
		SlurmctldLogFile=$slurm/log/slurmctld
		SlurmdPidFile=$slurm/%n.pid
		SlurmdSpoolDir=$slurm/spool-%n
		SlurmdLogFile=$slurm/log/%n
		SlurmdParameters=config_overrides
		PlugStackConfig=/dev/null
	END
	for i in $(seq "$slurm_nodes"); do
		mkdir -p "$slurm/spool-n$i"
		echo "NodeName=n$i NodeHostname=$host NodeAddr=127.0.0.1 Port=$((port + i)) CPUs=$cpus State=UNKNOWN"
	done >>"$slurm/slurm.conf"
	echo "PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP" >>"$slurm/slurm.conf"
	export SLURM_CONF="$slurm/slurm.conf"
	slurm_daemon munged munged --foreground --force --key-file="$slurm/munge.key" --socket="$slurm/munge.socket" \
		--pid-file="$slurm/munged.pid" --log-file="$slurm/log/munged" --seed-file="$slurm/munge.seed"
	until [ -S "$slurm/munge.socket" ]; do
		slurm_lives $slurm_pids || return 1
		sleep 0.1
	done
	slurm_daemon slurmctld slurmctld -D
	slurmctld=${slurm_pids##* }
	for i in $(seq "$slurm_nodes"); do slurm_daemon "n$i" slurmd -D -N "n$i"; done
	until [ "$(sinfo -h -N -t idle -o %N 2>/dev/null | grep -c .)" -eq "$slurm_nodes" ]; do
		slurm_lives $slurm_pids && [ -z "$(sinfo -h -N -t drain,fail -o %N 2>/dev/null)" ] || return 1
		sleep 0.3
	done
}

# Starts one as our child, so that its number is known, and known to be its own.
slurm_daemon() { # NAME COMMAND...
	local name=$1
	shift
	"$@" </dev/null >"$slurm/log/$name.start" 2>&1 &
	slurm_pids="${slurm_pids:-} $!"
}

# Whether all of these are children of ours that have not ended: the number of one that was killed may be another's.
slurm_lives() { # PID...
	local pid
	for pid; do
		alive "$pid" && [ "$(sed -n 's/^PPid:[[:space:]]*//p' "/proc/$pid/status" 2>/dev/null)" = $$ ] || return 1
	done
}

# Waits for a condition as long as the controller lives, which may take as long as the machine is slow.
slurm_until() {
	while ! eval "$1"; do
		slurm_lives "$slurmctld" || return 1
		sleep 0.3
	done
}

# Whether no job is left that may do something yet; one that Slurm holds back waits for a hand.
slurm_idle() {
	local left
	left=$(squeue -h -t pending,running,completing -o '%i %r') && ! printf '%s\n' "$left" | grep . | grep -qvi held
}

# Ends all that was started, in the order of who needs whom.  One that does not end in some seconds is ended at once.
slurm_stop() {
	local pid list='' tries
	for pid in ${slurm_pids:-}; do list="$pid $list"; done
	for pid in $list; do
		slurm_lives "$pid" || continue
		kill "$pid"
		tries=100
		while slurm_lives "$pid" && [ $tries -gt 0 ]; do
			tries=$((tries - 1))
			sleep 0.1
		done
		! slurm_lives "$pid" || kill -KILL "$pid"
	done
}
