import Testing

@testable import bunko

@Suite("Ignore files")
struct IgnoreRulesTests {
    private func verdict(_ rules: String, _ path: String) -> Bool? {
        let isFolder = path.hasSuffix("/")
        return IgnoreRules(rules).verdict(on: path.split(separator: "/").map(Array.init)[...], isFolder: isFolder)
    }

    @Test(
        "Each rule says what git says",
        arguments: [
            ("*.log", "a.log", true), ("*.log", "x/y/a.log", true), ("*.log", "a.txt", nil),
            ("/a.md", "a.md", true), ("/a.md", "x/a.md", nil), ("x/a.md", "x/a.md", true), ("x/a.md", "y/x/a.md", nil),
            ("build/", "build/", true), ("build/", "build", nil), ("build/", "x/build/", true), ("build", "build", true),
            ("x/build/", "x/build/", true), ("x/build/", "y/x/build/", nil),
            ("**/foo", "foo", true), ("/***/foo", "foo", true), ("**/foo", "a/b/foo", true), ("a/**/b", "a/b", true),
            ("a/**/b", "a/x/y/b", true),
            ("abc/**", "abc/x/y", true), ("abc/**", "abc/", nil), ("**/foo/bar", "x/foo/bar", true),
            ("# comment", "# comment", nil), ("\\#a", "#a", true), ("\\!a", "!a", true), ("", "a", nil), ("   ", "a", nil), ("/", "a", nil),
            ("a  ", "a", true), ("a\\ ", "a ", true), ("a\\ ", "a", nil), ("a*b", "a/b", nil), ("foo*", ".foo", nil), ("*", ".foo", true),
            ("*.log\n!keep.log", "keep.log", false), ("!keep.log\n*.log", "keep.log", true), ("*.log\n!keep.log", "x/keep.log", false),
            ("a\r\nb\r\n", "b", true), ("\u{FEFF}a", "a", true), ("[a-c].md", "b.md", true), ("x[", "x[", true),
        ] as [(String, String, Bool?)])
    func rules(rules: String, path: String, expected: Bool?) {
        #expect(verdict(rules, path) == expected)
    }

    @Test("The innermost file that says anything decides, and its paths begin in its own folder")
    func nesting() {
        var stack = IgnoreStack()
        stack.add(IgnoreRules("*.md\n/top.txt"), depth: 0)
        stack.add(IgnoreRules("!wanted.md\n/only.txt"), depth: 1)
        func ignores(_ path: String) -> Bool { stack.ignores(path.split(separator: "/").map(Array.init), isFolder: false) }
        #expect(ignores("sub/other.md"))
        #expect(!ignores("sub/wanted.md"))
        #expect(ignores("sub/only.txt"))
        #expect(!ignores("sub/deep/only.txt"))
        #expect(!ignores("sub/top.txt"))
    }
}
