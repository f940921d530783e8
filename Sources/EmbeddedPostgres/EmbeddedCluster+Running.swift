public import Postgres

extension EmbeddedCluster {
    /// The superuser's login on the PostgreSQL that runs on a data folder, whoever started it; nil when none accepts connections there.
    ///
    /// Starts, locks and changes nothing: the server's own process goes on looking after it, and may stop it at any moment.
    public static func running(in dataDirectory: String) -> PostgresConfiguration? {
        guard let root = try? canonicalPath(dataDirectory) else { return nil }
        let layout = ClusterLayout(root: root)
        guard let file = PostmasterFile.read(fromCluster: layout.cluster), file.isReady,
            let owner = FileFacts(path: layout.cluster)?.owner, let process = ServerProcess(pid: file.pid),
            process.isPostmaster(ofCluster: layout.cluster, owner: owner),
            let password = text(ofFile: layout.secret)?.split(whereSeparator: \.isWhitespace).first
        else { return nil }
        return PostgresConfiguration(
            host: file.socketDirectory, port: ClusterLayout.port, database: "postgres", user: ClusterLayout.superuser,
            password: String(password))
    }
}
