# A Slurm of one machine with several nodes: a real controller, a node daemon for each name, their own
# munge.  All of it lies in one folder and touches nothing of the system's own.  Sourced, like bench.sh.

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
	munged --force --key-file="$slurm/munge.key" --socket="$slurm/munge.socket" --pid-file="$slurm/munged.pid" \
		--log-file="$slurm/log/munged" --seed-file="$slurm/munge.seed" 2>"$slurm/log/munged.start" || return 1
	slurmctld || return 1
	for i in $(seq "$slurm_nodes"); do slurm_node "n$i" || return 1; done
	slurm_until '[ "$(sinfo -h -N -t idle -o %N | grep -c .)" -eq "$slurm_nodes" ]'
}

slurm_node() { slurmd -N "$1"; } # starts the daemon of one

# Waits for a condition as long as the controller lives, which may take as long as the machine is slow.
slurm_until() {
	while ! eval "$1"; do
		kill -0 "$(cat "$slurm/slurmctld.pid" 2>/dev/null)" 2>/dev/null || return 1
		sleep 0.3
	done
}

# Ends all that was started, by its number.
slurm_stop() {
	local file pid
	[ -n "${slurm:-}" ] || return 0
	for file in "$slurm"/n*.pid "$slurm/slurmctld.pid" "$slurm/munged.pid"; do
		pid=$(cat "$file" 2>/dev/null) || continue
		kill "$pid" 2>/dev/null
		while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
	done
}
