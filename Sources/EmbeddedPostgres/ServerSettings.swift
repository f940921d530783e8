import Glibc

/// The settings bunko chooses for its private PostgreSQL, scaled to the machine. The operator's own go to postgresql.conf, after the include.
struct ServerSettings: Sendable, Equatable {
    /// Memory that PostgreSQL may count on, in MiB.
    let memoryMebibytes: Int
    let logDirectory: String

    /// A modest share: the vector index of bunko itself lives in the same memory.
    var sharedBuffersMebibytes: Int { min(max(memoryMebibytes / 8, 64), 2048) }
    var maintenanceMebibytes: Int { min(max(memoryMebibytes / 32, 64), 512) }
    var cacheSizeMebibytes: Int { max(memoryMebibytes / 2, 128) }

    /// The content of `bunko.conf`.
    var fileText: String {
        """
        # Written anew at every start of bunko. Settings of your own belong to postgresql.conf, below the line that includes this file.
        max_connections = 120
        shared_buffers = \(sharedBuffersMebibytes)MB
        maintenance_work_mem = \(maintenanceMebibytes)MB
        effective_cache_size = \(cacheSizeMebibytes)MB
        work_mem = 16MB
        max_wal_size = 2GB
        random_page_cost = 1.1
        jit = off
        # Bulk imports grow tables from nothing: fresh statistics within seconds keep the plans right.
        autovacuum_naptime = 10s
        timezone = 'UTC'
        log_timezone = 'UTC'
        lc_messages = 'C'
        password_encryption = 'scram-sha-256'
        logging_collector = on
        log_directory = \(quoted(logDirectory))
        log_filename = 'postgresql-%a.log'
        log_file_mode = 0600
        log_rotation_age = 1d
        log_rotation_size = 0
        log_truncate_on_rotation = on
        log_line_prefix = '%m [%p] %q%u@%d '

        """
    }

    /// What must not be changed by a file: the promises of privacy and durability, and the names by which it is found.
    static func fixedArguments(socketDirectory: String, clusterName: String) -> [String] {
        [
            "listen_addresses=", "port=\(ClusterLayout.port)", "unix_socket_directories=\(socketDirectory)", "unix_socket_permissions=0700",
            "fsync=on", "full_page_writes=on", "cluster_name=\(clusterName)",
        ].flatMap { ["-c", $0] }
    }

    /// The machine's memory, or less where a control group limits it.
    static func availableMebibytes() -> Int {
        let pages = sysconf(Int32(_SC_PHYS_PAGES)), pageSize = sysconf(Int32(_SC_PAGESIZE))
        let machine = pages > 0 && pageSize > 0 ? pages * pageSize : 1 << 30
        let limit = text(ofFile: "/sys/fs/cgroup/memory.max").flatMap { Int($0.prefix { $0.isNumber }) } ?? machine
        return min(machine, limit) >> 20
    }

    private func quoted(_ value: String) -> String {
        "'" + value.map { $0 == "'" || $0 == "\\" ? "\($0)\($0)" : "\($0)" }.joined() + "'"
    }
}
