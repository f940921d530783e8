@_spi(CompositionRoot) @_spi(ScopeMaking) import Domain
import Testing

@Suite struct ScopeTests {
    @Test func `A scope has the permissions it was made with`() throws {
        let scope = Scope(user: UserID(), permissions: [.read])
        #expect(throws: Never.self) { try scope.require(.read) }
        let problem = #expect(throws: Problem.self) { try scope.require(.ingest) }
        #expect(problem?.kind == .forbidden)
        #expect(problem?.remedy?.contains("--scope ingest") == true)
    }

    @Test func `A binding admits its assistants alone`() {
        let (bound, other) = (AssistantID(), AssistantID())
        #expect(Scope(user: UserID(), permissions: [.read], assistants: [bound]).admits(bound))
        #expect(!Scope(user: UserID(), permissions: [.read], assistants: [bound]).admits(other))
        #expect(!Scope(user: UserID(), permissions: [.read], assistants: []).admits(other))
        #expect(Scope(user: UserID(), permissions: [.read]).admits(other))
    }

    @Test func `Only the service's own scope can act for a user`() throws {
        let user = UserID()
        let acting = try Scope.system(purpose: "test").acting(for: user)
        #expect(try acting.userID == user)
        #expect(acting.permissions == [.read, .ingest])
        #expect(throws: Problem.self) { try acting.acting(for: UserID()) }
    }

    @Test func `The service's own scope is no user`() {
        let problem = #expect(throws: Problem.self) { try Scope.system(purpose: "test").userID }
        #expect(problem?.kind == .internalFault)
    }
}

@Suite struct ProblemTests {
    @Test func `A problem reads as one text`() {
        #expect(Problem.invalid("k", "k is 0.", remedy: "Take 1.").description == "k: k is 0. Take 1.")
        #expect(Problem(.notFound, code: "x", "There is none.").description == "There is none.")
    }

    @Test func `Nobody's and somebody else's are not found in the same words`() {
        let problem = Problem.notFound("api key", "abc")
        #expect(problem.code == "api_key_not_found")
        #expect(problem.detail == "There is no api key \"abc\" here.")
    }
}
