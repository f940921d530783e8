public import Accounts
public import ContextAssembly
public import Hummingbird
public import Ingestion
public import Logging
public import Operations
public import Retrieval
public import Storage

/// What the routes stand on.
public struct ServerDependencies: Sendable {
    public var database: Database
    public var authenticator: Authenticator
    public var keys: KeyRing
    public var accounts: AccountServices
    public var contents: ContentStore
    public var intake: FileIntake
    public var knowledge: KnowledgeWriter
    public var watch: FileWatch
    public var events: ProcessingEvents
    /// Nil where vectors are compared in the database alone.
    public var mirror: KnowledgeMirror?
    public var retriever: Retriever
    public var assembler: ContextAssembler
    public var upkeep: Upkeep
    public var settings: InstallationSettings
    public var caches: CacheSources

    public init(
        database: Database, authenticator: Authenticator, keys: KeyRing, accounts: AccountServices, contents: ContentStore,
        intake: FileIntake,
        knowledge: KnowledgeWriter, watch: FileWatch, events: ProcessingEvents, mirror: KnowledgeMirror?, retriever: Retriever,
        assembler: ContextAssembler,
        upkeep: Upkeep, settings: InstallationSettings, caches: CacheSources
    ) {
        self.database = database
        self.authenticator = authenticator
        self.keys = keys
        self.accounts = accounts
        self.contents = contents
        self.intake = intake
        self.knowledge = knowledge
        self.watch = watch
        self.events = events
        self.mirror = mirror
        self.retriever = retriever
        self.assembler = assembler
        self.upkeep = upkeep
        self.settings = settings
        self.caches = caches
    }
}

/// Every route of the service. All but the health ones and those that make a principal stand behind authentication.
public func bunkoRouter(_ dependencies: ServerDependencies, logger: Logger) -> Router<BunkoRequestContext> {
    let router = Router(context: BunkoRequestContext.self)
    router.addMiddleware { RequestFrame(logger: logger) }
    HealthRoutes(database: dependencies.database, mirror: dependencies.mirror).add(to: router)
    LoginRoutes(accounts: dependencies.accounts).add(to: router.group("v1"))
    let administration = dependencies.accounts.administration
    let shared = SharedRows(administration: administration)
    let v1 = router.group("v1").add(middleware: Authentication(authenticator: dependencies.authenticator))
        .add(middleware: WritePosition())
    AssistantRoutes(database: dependencies.database).add(to: v1)
    for resource in [Resource.voice, .avatar, .skill] {
        ResourceRoutes(resource: resource, database: dependencies.database).add(to: v1)
    }
    TemplateRoutes(database: dependencies.database, shared: shared).add(to: v1)
    ConversationRoutes(database: dependencies.database).add(to: v1)
    ArchiveRoutes(database: dependencies.database).add(to: v1)
    KnowledgeRoutes(database: dependencies.database, writer: dependencies.knowledge, shared: shared).add(to: v1)
    AccountDataRoutes(database: dependencies.database).add(to: v1)
    FileRoutes(
        database: dependencies.database, intake: dependencies.intake, watch: dependencies.watch, shared: shared,
        knowledge: dependencies.knowledge
    ).add(to: v1)
    JobRoutes(database: dependencies.database, watch: dependencies.watch, events: dependencies.events, shared: shared).add(to: v1)
    UploadRoutes(
        database: dependencies.database, uploads: ResumableIntake(database: dependencies.database, contents: dependencies.contents),
        intake: dependencies.intake, shared: shared
    ).add(to: v1)
    SearchRoutes(retriever: dependencies.retriever).add(to: v1)
    ContextRoutes(assembler: dependencies.assembler).add(to: v1)
    KeyRoutes(keys: dependencies.keys, database: dependencies.database).add(to: v1)
    AccountRoutes(accounts: dependencies.accounts).add(to: v1)
    UserRoutes(administration: administration, database: dependencies.database).add(to: v1)
    AdminRoutes(
        upkeep: dependencies.upkeep, mirror: dependencies.mirror, retriever: dependencies.retriever, caches: dependencies.caches,
        administration: administration
    ).add(to: v1)
    IndexRoutes(
        mirror: dependencies.mirror, upkeep: dependencies.upkeep, contents: dependencies.contents, database: dependencies.database,
        administration: administration
    ).add(to: v1)
    SettingRoutes(settings: dependencies.settings, administration: administration).add(to: v1)
    return router
}
