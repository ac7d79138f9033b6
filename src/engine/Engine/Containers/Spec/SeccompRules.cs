namespace Slipway.Engine.Containers.Spec;

/// <summary>
/// Which system calls a container may make without asking for more. Same meaning as Docker's default profile (moby/profiles, 2026):
/// what is not named fails with EPERM.
/// </summary>
internal static class SeccompRules
{
    /// <summary>Namespace bits of clone(2): a container makes no namespaces without CAP_SYS_ADMIN.</summary>
    public const ulong NamespaceFlags = 0x7E02_0000;

    /// <summary>Arguments of personality(2) that change no more than the reported version and address randomisation.</summary>
    public static readonly ulong[] Personalities = [0, 0x8, 0x2_0000, 0x2_0008, 0xFFFF_FFFF];

    /// <summary>
    /// Address families below this may be used, and those of <see cref="Families"/>. Left out are families with a history of kernel
    /// holes and no use in containers: DECnet, Econet, ATM, IrDA, WANPIPE, ISDN, CAIF, ALG (kernel crypto) and VSOCK (the hypervisor).
    /// </summary>
    public const ulong FamiliesBelow = 12;

    /// <summary>The allowed families from 13 on; see <see cref="FamilyCover"/>.</summary>
    public static readonly int[] Families = [13, 14, 15, 16, 17, 18, 21, 22, 24, 26, 27, 28, 29, 30, 31, 32, 33, 35, 36, 39, 41, 42, 43, 44, 45];

    /// <summary>
    /// The same families as bit patterns (bits that do not matter, value of the others): half as many comparisons for the runtime to
    /// compile as one per family. A test proves the equality.
    /// </summary>
    public static readonly (ulong Any, ulong Value)[] FamilyCover =
    [
        (0b010010, 13), (0b010001, 14), (0b000110, 24), (0b000101, 26), (0b001000, 22), (0b000100, 17), (0b000010, 16),
        (0b001010, 33), (0b100100, 3), (0b100001, 10), (0b100100, 9), (0b100100, 0), (0b001000, 36),
    ];

    /// <summary>Calls that come with a capability of the container.</summary>
    public static readonly (string Capability, string Calls)[] ByCapability =
    [
        ("CAP_DAC_READ_SEARCH", "open_by_handle_at"),
        ("CAP_SYS_ADMIN", "bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie lsm_get_self_attr lsm_list_modules "
            + "lsm_set_self_attr mount mount_setattr move_mount open_tree perf_event_open quotactl quotactl_fd setdomainname sethostname setns "
            + "syslog umount umount2 unshare"),
        ("CAP_SYS_BOOT", "reboot"),
        ("CAP_SYS_CHROOT", "chroot"),
        ("CAP_SYS_MODULE", "delete_module finit_module init_module"),
        ("CAP_SYS_PACCT", "acct"),
        ("CAP_SYS_PTRACE", "kcmp pidfd_getfd process_madvise process_vm_readv process_vm_writev ptrace"),
        ("CAP_SYS_RAWIO", "ioperm iopl"),
        ("CAP_SYS_TIME", "clock_settime clock_settime64 settimeofday stime"),
        ("CAP_SYS_TTY_CONFIG", "vhangup"),
        ("CAP_SYS_NICE", "get_mempolicy mbind set_mempolicy set_mempolicy_home_node"),
        ("CAP_SYSLOG", "syslog"),
        ("CAP_BPF", "bpf"),
        ("CAP_PERFMON", "perf_event_open"),
    ];

    /// <summary>Calls that exist on some processors only, by Docker's names of them.</summary>
    public static readonly (string Architectures, string Calls)[] ByArchitecture =
    [
        ("amd64", "arch_prctl modify_ldt map_shadow_stack uretprobe epoll_ctl_old epoll_wait_old"),
        ("386", "modify_ldt"),
        ("arm arm64", "arm_fadvise64_64 arm_sync_file_range sync_file_range2 breakpoint cacheflush set_tls"),
        ("ppc64le", "sync_file_range2 swapcontext"),
        ("s390x", "s390_pci_mmio_read s390_pci_mmio_write s390_runtime_instr"),
        ("riscv64", "riscv_flush_icache riscv_hwprobe"),
    ];

    /// <summary>Allowed since Linux 4.8, where seccomp also sees what a tracer changes.</summary>
    public const string SinceTracersAreFiltered = "process_vm_readv process_vm_writev ptrace";

    /// <summary>Allowed always: files.</summary>
    public const string Files =
        "access chdir chmod chown chown32 close close_range copy_file_range creat dup dup2 dup3 faccessat faccessat2 fadvise64 fadvise64_64 "
        + "fallocate fanotify_mark fchdir fchmod fchmodat fchmodat2 fchown fchown32 fchownat fcntl fcntl64 fdatasync fgetxattr flistxattr flock "
        + "fremovexattr fsetxattr fstat fstat64 fstatat64 fstatfs fstatfs64 fsync ftruncate ftruncate64 futimesat getcwd getdents getdents64 "
        + "getxattr getxattrat inotify_add_watch inotify_init inotify_init1 inotify_rm_watch ioctl lchown lchown32 lgetxattr link linkat "
        + "listmount listxattr listxattrat llistxattr _llseek lremovexattr lseek lsetxattr lstat lstat64 mkdir mkdirat mknod mknodat "
        + "name_to_handle_at newfstatat open openat openat2 pipe pipe2 pread64 preadv preadv2 pwrite64 pwritev pwritev2 read readahead readlink "
        + "readlinkat readv removexattr removexattrat rename renameat renameat2 rmdir sendfile sendfile64 setxattr setxattrat splice stat stat64 "
        + "statfs statfs64 statmount statx symlink symlinkat sync sync_file_range syncfs tee truncate truncate64 umask unlink unlinkat utime "
        + "utimensat utimensat_time64 utimes vmsplice write writev";

    /// <summary>Allowed always: waiting for files, timers and asynchronous I/O (but not io_uring).</summary>
    public const string Waiting =
        "alarm clock_adjtime clock_adjtime64 adjtimex clock_getres clock_getres_time64 clock_gettime clock_gettime64 clock_nanosleep "
        + "clock_nanosleep_time64 epoll_create epoll_create1 epoll_ctl epoll_pwait epoll_pwait2 epoll_wait eventfd eventfd2 getitimer gettimeofday "
        + "io_cancel io_destroy io_getevents io_pgetevents io_pgetevents_time64 io_setup io_submit nanosleep _newselect pause poll ppoll "
        + "ppoll_time64 pselect6 pselect6_time64 select setitimer time timer_create timer_delete timer_getoverrun timer_gettime timer_gettime64 "
        + "timer_settime timer_settime64 timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64 times";

    /// <summary>Allowed always: sockets, except socket(2) itself, which is allowed by family.</summary>
    public const string Sockets =
        "accept accept4 bind connect getpeername getsockname getsockopt listen recv recvfrom recvmmsg recvmmsg_time64 recvmsg send sendmmsg "
        + "sendmsg sendto setsockopt shutdown socketcall socketpair";

    /// <summary>Allowed always: memory, threads' meeting points and System V and POSIX IPC.</summary>
    public const string Memory =
        "brk cachestat futex futex_requeue futex_time64 futex_wait futex_waitv futex_wake get_robust_list get_thread_area ipc madvise membarrier "
        + "memfd_create memfd_secret mincore mlock mlock2 mlockall mmap mmap2 mprotect mq_getsetattr mq_notify mq_open mq_timedreceive "
        + "mq_timedreceive_time64 mq_timedsend mq_timedsend_time64 mq_unlink mremap mseal msgctl msgget msgrcv msgsnd msync munlock munlockall "
        + "munmap pkey_alloc pkey_free pkey_mprotect process_mrelease remap_file_pages semctl semget semop semtimedop semtimedop_time64 "
        + "set_robust_list set_thread_area shmat shmctl shmdt shmget";

    /// <summary>Allowed always: processes, signals, identities and limits.</summary>
    public const string Processes =
        "capget capset execve execveat exit exit_group fork getcpu getegid getegid32 geteuid geteuid32 getgid getgid32 getgroups getgroups32 "
        + "getpgid getpgrp getpid getppid getpriority getrandom getresgid getresgid32 getresuid getresuid32 getrlimit getrusage getsid gettid "
        + "getuid getuid32 ioprio_get ioprio_set kill landlock_add_rule landlock_create_ruleset landlock_restrict_self pidfd_open "
        + "pidfd_send_signal prctl prlimit64 restart_syscall rseq rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn "
        + "rt_sigsuspend rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo sched_getaffinity sched_getattr sched_getparam "
        + "sched_get_priority_max sched_get_priority_min sched_getscheduler sched_rr_get_interval sched_rr_get_interval_time64 "
        + "sched_setaffinity sched_setattr sched_setparam sched_setscheduler sched_yield seccomp setfsgid setfsgid32 setfsuid setfsuid32 setgid "
        + "setgid32 setgroups setgroups32 setpgid setpriority setregid setregid32 setresgid setresgid32 setresuid setresuid32 setreuid setreuid32 "
        + "setrlimit setsid set_tid_address setuid setuid32 sigaltstack signalfd signalfd4 sigprocmask sigreturn sysinfo tgkill tkill ugetrlimit "
        + "uname vfork wait4 waitid waitpid";
}
