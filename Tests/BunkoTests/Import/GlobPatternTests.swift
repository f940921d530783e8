import Testing

@testable import bunko

@Suite("Globs")
struct GlobPatternTests {
    @Test(
        "A pattern matches what a shell would match",
        arguments: [
            ("docs/*.md", "a.md", true), ("docs/*.md", "sub/a.md", false), ("docs/*.md", ".a.md", false), ("docs/.*.md", ".a.md", true),
            ("docs/**/*.md", "a.md", true), ("docs/**/*.md", "x/y/a.md", true), ("docs/**/*.md", "x/.y/a.md", false),
            ("docs/**/*.md", "x/y/a.txt", false), ("docs/**", "x/y", true), ("docs/*", "x/y/z", true),
            ("docs/?.md", "a.md", true), ("docs/?.md", "ab.md", false), ("docs/?.md", "가.md", true),
            ("docs/[a-c].md", "b.md", true), ("docs/[!a-c].md", "b.md", false), ("docs/[^a-c].md", "d.md", true),
            ("docs/[]x].md", "].md", true), ("docs/[[:digit:]]*.md", "2026.md", true), ("docs/[[:digit:]]*.md", "x.md", false),
            ("docs/*.{md,txt}", "a.txt", true), ("docs/*.{md,txt}", "a.pdf", false), ("docs/{a,b{c,d}}.*", "bd.md", true),
            ("docs/{a}.*", "{a}.md", true), ("docs/\\**", "*x", true), ("docs/\\**", "x", false),
            ("docs/a**b*", "axxbyy", true), ("docs/*a*b", "xaxb", true), ("docs/*a*b", "xaxbx", false),
        ])
    func matching(pattern: String, path: String, expected: Bool) throws {
        let glob = try #require(GlobPattern(pattern))
        #expect(glob.base == "docs")
        #expect(glob.selects(path.split(separator: "/").map(Array.init)) == expected)
    }

    @Test(
        "The folder a walk begins in is what stands before the first wildcard",
        arguments: [
            ("*.md", "."), ("a/b/*.md", "a/b"), ("/a/*/c", "/a"), ("/*", "/"), ("a/{b,c}/d.md", "a"), ("{a,b}/x", "."), ("a/b?/c/d", "a"),
            ("a/{b,b}/c*", "a/b"),
        ])
    func base(pattern: String, base: String) {
        #expect(GlobPattern(pattern)?.base == base)
    }

    @Test("A text without wildcards is no glob")
    func plain() {
        #expect(GlobPattern("docs/a.md") == nil)
    }

    @Test("Names in both Unicode forms are found")
    func forms() throws {
        let glob = try #require(GlobPattern("*é.md"))
        #expect(glob.selects([Array("cafe\u{301}.md")]))
    }

    @Test("Braces multiply up to a bound, and a pattern of stars takes no exponential time", .timeLimit(.minutes(1)))
    func hostile() throws {
        #expect(GlobPattern.expansions(of: "{a,b}{c,d}") == ["ac", "ad", "bc", "bd"])
        #expect(GlobPattern.expansions(of: String(repeating: "{a,b}", count: 30)).count <= 1_100)
        let glob = try #require(GlobPattern(String(repeating: "*a", count: 60) + "b"))
        #expect(glob.selects([Array(repeating: "a", count: 250)]) == false)
    }
}
